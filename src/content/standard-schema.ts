/** The part of the Standard Schema interface (https://standardschema.dev) that `json(schema)` needs: zod, valibot, arktype … have it. */
export interface StandardSchema<Output = unknown> {
  /** The contract of Standard Schema: what validates, and the types of what goes in and comes out. */
  readonly "~standard": {
    /** The version of the contract. */
    readonly version: 1;
    /** The library's name, such as "zod". */
    readonly vendor: string;
    /** Checks a value, and gives what the schema makes of it or the issues. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** For the compiler alone: the types of input and output. */
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** The verdict of a schema on a value. */
export type SchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** One thing that a schema finds wrong with a value. */
export interface SchemaIssue {
  /** The problem in words. */
  readonly message: string;
  /** The place of the error, from the outermost key to the innermost. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
