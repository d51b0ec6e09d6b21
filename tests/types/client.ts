/** Compile-time assertions about the client: this file only has to compile. */
import requests, {
  get,
  Session,
  type RequestOptions,
  type Response,
  type ResponsePromise,
  type StandardSchema,
} from "requests-ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** The value's type is the named one, neither wider nor narrower. */
function exactly<Expected>() {
  return <Actual>(_value: Actual & (Equal<Actual, Expected> extends true ? unknown : never)): void => undefined;
}

interface User {
  readonly name: string;
}
declare const schema: StandardSchema<User>;
declare const url: string;

export async function json(): Promise<void> {
  const typed = await get(url).json(schema);
  exactly<User>()(typed);
  const asserted = await get(url).json<User>();
  exactly<User>()(asserted);
  const untyped = await get(url).json();
  exactly<unknown>()(untyped);
  const response = await get(url);
  const parsed = response.json(schema);
  exactly<User>()(parsed);
  for await (const line of response.iterJson(schema)) exactly<User>()(line);
  // @ts-expect-error unknown must be narrowed before it is used
  void untyped.name;
}

export async function responses(): Promise<void> {
  const promise = get(url);
  exactly<ResponsePromise>()(promise);
  const response = await promise;
  exactly<Response>()(response);
  const checked = await get(url).raiseForStatus();
  exactly<Response>()(checked);
  const text = await get(url).text();
  exactly<string>()(text);
  const content = await get(url).content();
  exactly<Buffer>()(content);
  for await (const chunk of response.iterContent(10)) exactly<Buffer>()(chunk);
  for await (const chunk of response.iterContent(null, { decodeUnicode: true })) exactly<string>()(chunk);
  for await (const line of response.iterLines()) exactly<Buffer>()(line);
  for await (const line of response.iterLines({ decodeUnicode: true })) exactly<string>()(line);
  for await (const chunk of response) exactly<Buffer>()(chunk);
  const value: unknown = response.headers["content-type"];
  const known: string | undefined = response.headers.get("content-type");
  const fallback: string | null = response.headers.get("content-type", null);
  void [value, known, fallback];
}

export function options(): void {
  const all: RequestOptions = {
    params: { a: 1, b: ["x", 2], c: null },
    headers: { "X-A": "1", "X-B": null, "X-C": ["1", "2"] },
    cookies: { a: "1" },
    auth: ["user", "password"],
    timeout: [3.05, null],
    proxies: { http: null, "https://h": "http://p:1" },
    hooks: { response: (response) => response.raiseForStatus() },
    verify: "/ca.pem",
    cert: ["/c.pem", "/k.pem"],
    signal: AbortSignal.timeout(1),
    onUploadProgress: ({ transferred, total, done }) => void [transferred.toFixed(), total?.toFixed(), done],
  };
  void get(url, all);
  // @ts-expect-error an unknown option
  void get(url, { allow_redirects: false });
  // @ts-expect-error the options are an object
  void get(url, "a=1");
  // @ts-expect-error verify is true, false or a path
  void get(url, { verify: 1 });
  // @ts-expect-error a pair has two items
  void get(url, { auth: ["user"] });
  // @ts-expect-error a number of seconds
  void get(url, { timeout: "5" });
  // @ts-expect-error the events are request and response
  void get(url, { hooks: { redirect: () => undefined } });
  // @ts-expect-error a parameter cannot be nested
  void get(url, { params: { a: { b: 1 } } });
  // @ts-expect-error an unknown setting
  void new Session({ base_url: url });
  // @ts-expect-error a URL is text or a URL
  void get(5);
}

export function defaultExport(): void {
  exactly<ResponsePromise>()(requests.get(url));
  exactly<Session>()(new requests.Session());
  const error = new requests.exceptions.HTTPError("x");
  exactly<Response>()(error.response);
}

export function auth(): void {
  void get(url, { auth: (request) => request });
  void get(url, { auth: async (request) => request });
  // @ts-expect-error an auth function returns the request
  void get(url, { auth: () => undefined });
}
