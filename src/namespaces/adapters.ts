export { BaseAdapter } from "../adapters/adapter.js";
export { HTTPAdapter } from "../adapters/http/http-adapter.js";
