/** Compile-time assertions about tables of options: this file only has to compile. */
import { aBoolean, atLeast, orNull } from "#internal/options/checks";
import { resolveOptions, type Rows } from "#internal/options/option";
import type { RequestOptions, SendOptions, SessionOptions } from "requests-ts";

interface Options {
  readonly size?: number | null | undefined;
  readonly strict?: boolean | undefined;
}

const TABLE = {
  size: { check: orNull(atLeast(0)), default: 5 },
  strict: { check: aBoolean, default: undefined },
} satisfies Rows<Options>;

export function resolved(options: Options): void {
  const { size, strict } = resolveOptions(options, TABLE, "Example");
  const bytes: number | null = size;
  const isStrict: boolean | undefined = strict;
  // @ts-expect-error a null is a value that the check gives
  const sure: number = size;
  void [bytes, isStrict, sure];
}

// @ts-expect-error each option has a row
export const MISSING = { size: TABLE.size } satisfies Rows<Options>;
// @ts-expect-error a row without an option
export const SURPLUS = { ...TABLE, other: TABLE.size } satisfies Rows<Pick<Options, "size">>;

export const limits: SessionOptions & SendOptions & RequestOptions = { maxResponseSize: 1000 };
// @ts-expect-error an option of the request is none of send
export const headers: SendOptions = { headers: {} };
