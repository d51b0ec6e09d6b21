// Who takes part. A contestant is a module whose default export makes a client:
//   open({ connections, keepAlive }) → {
//     json(url)            GET, parsed
//     post(url, value)     POST of JSON, the answer parsed
//     bytes(url)           GET, the whole body as bytes → its length
//     decoded(url)         GET of an encoded body, decoded and parsed; absent where the client does not decode
//     download(url)        GET piece by piece → the number of bytes, which are thrown away
//     upload(url, path)    POST of a file, streamed → the answer parsed
//     close()
//   }
// Each uses the client the way its own README does, with its ordinary checks on.
export const CONTESTANTS = [
  { id: "requests-ts", name: "requests-ts session.get", import: "../../dist/index.js" },
  { id: "undici-request", name: "undici request", package: "undici" },
  { id: "undici-dispatch", name: "undici dispatch, by hand", package: "undici" },
  { id: "undici-fetch", name: "undici fetch", package: "undici" },
  { id: "fetch", name: "the built-in fetch" },
  { id: "axios", name: "axios", package: "axios" },
  { id: "got", name: "got", package: "got" },
  { id: "ky", name: "ky", package: "ky" },
  { id: "node-fetch", name: "node-fetch", package: "node-fetch" },
  { id: "superagent", name: "superagent", package: "superagent" },
  { id: "needle", name: "needle", package: "needle" },
  { id: "floor", name: "raw sockets, no HTTP client" },
];
