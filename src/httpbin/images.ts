/** One small picture (a paper plane, 48 by 48) in the four formats that `/image` offers. */

const decode = (base64: string): Buffer => Buffer.from(base64, "base64");

/** A picture and the media type to declare for it. */
export interface Image {
  readonly type: string;
  readonly bytes: Buffer;
}

/** By the last segment of the path: `/image/png`. */
export const IMAGES = {
  webp: {
    type: "image/webp",
    bytes: decode(
      "UklGRigBAABXRUJQVlA4IBwBAABQCACdASowADAAPtFgqE+oJSyto4wBsBoJammIVJTFpWbQG2zFp9ZyN6JscaxCiszb9AIuOD69ScqLPPk8" +
        "PSUzTEaLA6WrKnRDrQAA/u+EMHIBqm0Kb/q7k7k7HDytE4sL/M9E1NZH421rs6k8+v1p4F5bFQJ9XrxaeyuOWwccxz64ULGh8jzixfjil7re" +
        "kSfZtVqfsJEtw7uR0KKWUMDKIlLs1jMIQII21xVjkAS0ji1+APP1mWq0n1s5zhhUJhG/pTXMfisZgZ3HPjEdiCvvs7X/9iT3Ke9VGj/BKvPX" +
        "DDE/v817aI6hvxyVhe8fl7GZ4/nabsg/RIY8rRItZlDBEIJ/U8DJU8pGr5uOZXM29pkwmVxUeonqIQAAAA==",
    ),
  },
  svg: {
    type: "image/svg+xml",
    bytes: Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="48" height="48" viewBox="0 0 48 48">
  <title>A paper plane</title>
  <circle cx="24" cy="24" r="24" fill="#1e3a8a"/>
  <path d="M12 30 36 12 30 36 24 28z" fill="#f8fafc"/>
</svg>
`,
    ),
  },
  jpeg: {
    type: "image/jpeg",
    bytes: decode(
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5a" +
        "YVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAAR" +
        "CAAwADADASIAAhEBAxEB/8QAGgAAAgMBAQAAAAAAAAAAAAAABAUAAQYDAv/EAC0QAAEEAQEFBwQDAAAAAAAAAAEAAgMEEQUSIUFRYQYTIjFC" +
        "gaEUIzJScdHh/8QAGQEBAAMBAQAAAAAAAAAAAAAAAgEDBAAF/8QAHREBAAMAAgMBAAAAAAAAAAAAAQACEQMSBCExcf/aAAwDAQACEQMRAD8A" +
        "yqtrSVGjJRMbF7YbMS5OIiUMSNbEoYuQT6Qd4vLSFSdahotihQis3B3T5nYjiI8WyBvJ5cN3XhxTOGCq9H2Sz9nuII2JqCiKb6XWjsy/ftRV" +
        "4m423vO/2b5lOqBrBYWd6VOa5M2GvGXvdwC2+i9nK+nYmn2ZrPmHeln8f2hKmtdn9Jr9zSdJJn8nNYdpx6k4WgpW4b1Vliu7ajeN3MdD1WLy" +
        "ebkTAwlvDx1H7rMN28s99qsdcOJbBGMjk47z8bKx0oTnW7f1mq2rAcXNfIdkn9RuHxhJpStVK9aBBu2WeGnBRMb0Kra4hSOTk2MGypto+vza" +
        "WyxEC4xSxuwB6X48Lh74z/izglUMqm2WMYQR0naR6GcclQuJVKF2IMn/2Q==",
    ),
  },
  png: {
    type: "image/png",
    bytes: decode(
      "iVBORw0KGgoAAAANSUhEUgAAADAAAAAwCAMAAABg3Am1AAAAJ1BMVEUeOoofPpAhQ5gnUa0sXsBOd8n4+vwwZ81nkNybs+E2Ybs3duOyxuxl" +
        "KFQbAAAB7ElEQVRIx61W2baDIAwsi4Do/3/vzU5AW324sdr2nJkkk0Dw8/kXCwHu12CAhxjhhu8XLEQDXuyJQb5X+wUnQIIrJnr+5jjviWlG" +
        "useL92EuzCd+8T8RmCWcFS+p3Bkzwk1C6j7nDDf+cIylwJN/hJMJhbO6EEgkghVOgZCwlWsMriGnM6wSqZU9rV23hMh9zRUNnvCn76U0ih/D" +
        "klFKnQPUYXkrYJ2EWAjqgPlX6EHPhvhilZpaptUhMF71OE7C71pbCRGGAgkA8APvwta65CQhIAKVNCuB8MfRBF+0fxYhuJIaXNIhzdI+CeE0" +
        "i+LJPUignicrLBLSCMARHL40w3NOPoJmdDp84X6PZhsBRHNG3j0RerqkFIfmFS8S3PoLFoA0nDMeJSx1HTkBYSurVVnmrnEmuvd2wZecXZVs" +
        "eHHncCmDnXsbSkBC176NTksIhG7cOl2osJCWNsjis/1gq1uaoRs1uh00QqRp//BCsia4PRrcCJC9jASs2N7TKuG6hZgDrIZduJtlktNYg2JQ" +
        "tZptlk1jZpQWFcpMgk+5h2sMVa4D7Wm2zrM7+6kfr8edxLiOeyrozWEXgqUVV8K3E8uOODmxno7FwTDS09Eb5kOatf4+3RlAMjmVF+8CQUji" +
        "+dUrB0DpjeMN9tH+AFxRF0Zdsl3AAAAAAElFTkSuQmCC",
    ),
  },
} as const satisfies Record<string, Image>;
