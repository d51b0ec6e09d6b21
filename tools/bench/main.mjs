// `npm run bench`: the comparison with other clients; `npm run bench -- own`: our own JavaScript alone; `npm run bench --
// profile`: where the time of a request goes.
const MODES = { own: "./own-code.mjs", profile: "./profile.mjs" };
await import(MODES[process.argv[2]] ?? "./compare.mjs");
