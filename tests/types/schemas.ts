/** Compile-time assertions: json(schema) has the type that the schema gives. This file only has to compile. */
import { type } from "arktype";
import requests, { type Response } from "requests-ts";
import { events, type EventStream } from "requests-ts/events";
import * as v from "valibot";
import { z } from "zod";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function exactly<Expected>() {
  return <Actual>(_value: Actual & (Equal<Actual, Expected> extends true ? unknown : never)): void => undefined;
}

declare const response: Response;
declare const url: string;

interface User {
  name: string;
  age?: number | undefined;
}

const zod = z.object({ name: z.string(), age: z.number().optional() });
const valibot = v.object({ name: v.string(), since: v.pipe(v.string(), v.toDate()) });
const arktype = type({ name: "string", "age?": "number" });
const later = v.pipeAsync(
  v.object({ name: v.string() }),
  v.checkAsync(async ({ name }) => name !== ""),
);

export async function json(): Promise<void> {
  exactly<User>()(response.json(zod));
  exactly<{ name: string; since: Date }>()(response.json(valibot));
  exactly<{ name: string; age?: number }>()(response.json(arktype));
  exactly<string>()(response.json(z.object({ a: z.number() }).transform(({ a }) => String(a))));

  const [fromZod, fromValibot, fromArktype, fromAsync] = await Promise.all([
    requests.get(url).json(zod),
    requests.get(url).json(valibot),
    requests.get(url).json(arktype),
    requests.get(url).json(later),
  ]);
  exactly<User>()(fromZod);
  exactly<{ name: string; since: Date }>()(fromValibot);
  exactly<{ name: string; age?: number }>()(fromArktype);
  exactly<{ name: string }>()(fromAsync);

  for await (const one of response.iterJson(zod)) exactly<User>()(one);
  for await (const one of response.iterJson(arktype)) exactly<{ name: string; age?: number }>()(one);
  // @ts-expect-error a JSON Schema is not a Standard Schema
  response.json({ type: "object" });
}

export async function pages(): Promise<void> {
  for await (const page of requests.paginate(url)) exactly<Response>()(page);
  for await (const page of requests.paginate(url, { maxPages: 2 })) exactly<Response>()(page);
  for await (const item of requests.paginate(url, { items: (page) => page.json(z.array(zod)) })) exactly<User>()(item);
  for await (const item of requests.paginate(url, { items: async (page) => page.json<{ list: number[] }>().list }))
    exactly<number>()(item);
  // @ts-expect-error the step is a URL or options
  requests.paginate(url, { next: () => 5 });
  // @ts-expect-error maxItems is of items
  requests.paginate(url, { maxItems: 5 });
}

export async function serverSent(): Promise<void> {
  const stream = events(url, { method: "POST", json: {}, retry: 1 });
  exactly<EventStream>()(stream);
  for await (const { event, data, id } of stream) {
    exactly<string | undefined>()(event);
    exactly<string>()(data);
    exactly<string | undefined>()(id);
  }
  exactly<0 | 1 | 2>()(stream.readyState);
  // @ts-expect-error it is streamed anyway
  events(url, { stream: true });
}
