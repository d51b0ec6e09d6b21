/** The field Retry-After (RFC 9110 §10.2.3). */

/** A longer value is garbage. */
const MAX_LENGTH = 128;

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * Seconds to wait.
 *
 * @param value - a whole number of seconds, with or without spaces around it, or an HTTP date.
 * @param now - milliseconds since 1970.
 * @returns 0 for a date in the past; null for anything that is neither (requests raises InvalidHeader there).
 */
export function retryAfterSeconds(value: string, now: number): number | null {
  if (value.length > MAX_LENGTH) return null;
  const text = value.trim();
  if (/^[0-9]+$/.test(text)) return Number(text);
  const date = parseHttpDate(text, now);
  return date === null ? null : Math.max(0, (date - now) / 1000);
}

/** `Sun, 06 Nov 1994 08:49:37 GMT` */
const IMF_FIXDATE = /^[a-z]{3}, ([0-9]{2}) ([a-z]{3}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) (?:gmt|utc)$/i;
/** `Sunday, 06-Nov-94 08:49:37 GMT` */
const RFC_850 = /^[a-z]{6,9}, ([0-9]{2})-([a-z]{3})-([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) (?:gmt|utc)$/i;
/** `Sun Nov  6 08:49:37 1994` */
const ASCTIME = /^[a-z]{3} ([a-z]{3}) ([ 0-9][0-9]) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([0-9]{4})$/i;

/**
 * An HTTP date in any of its three forms. The name of the weekday is not checked.
 *
 * @param text - the date.
 * @param now - milliseconds since 1970, for years of two digits.
 * @returns milliseconds since 1970, or null.
 * @see RFC 9110 §5.6.7
 */
export function parseHttpDate(text: string, now: number): number | null {
  const fixed = IMF_FIXDATE.exec(text);
  if (fixed !== null) return instant(Number(fixed[3]), fixed[2], fixed[1], fixed[4], fixed[5], fixed[6]);
  const old = RFC_850.exec(text);
  if (old !== null) return instant(fullYear(Number(old[3]), now), old[2], old[1], old[4], old[5], old[6]);
  const unix = ASCTIME.exec(text);
  if (unix !== null) return instant(Number(unix[6]), unix[1], unix[2], unix[3], unix[4], unix[5]);
  return null;
}

/** RFC 9110 §5.6.7: what appears to be more than 50 years in the future is the most recent past year of those digits. */
function fullYear(digits: number, now: number): number {
  const current = new Date(now).getUTCFullYear();
  const year = current - (current % 100) + digits;
  if (year > current + 50) return year - 100;
  return year + 100 > current + 50 ? year : year + 100;
}

function instant(
  year: number,
  month: string,
  day: string,
  hour: string,
  minute: string,
  second: string,
): number | null {
  const monthIndex = MONTHS.indexOf(month.toLowerCase());
  const [days, hours, minutes, seconds] = [Number(day), Number(hour), Number(minute), Number(second)];
  // 60 is a leap second.
  if (monthIndex === -1 || hours > 23 || minutes > 59 || seconds > 60) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, monthIndex, days);
  if (date.getUTCMonth() !== monthIndex || date.getUTCDate() !== days) return null;
  return date.getTime() + ((hours * 60 + minutes) * 60 + seconds) * 1000;
}
