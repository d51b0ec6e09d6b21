// `npm run bench`: the comparison with other clients; `npm run bench -- own`: our own JavaScript alone.
await import(process.argv[2] === "own" ? "./own-code.mjs" : "./compare.mjs");
