export { CaseInsensitiveDict } from "../message/headers.js";
