export { RequestsCookieJar } from "../cookies/jar.js";
export { CookieConflictError } from "../exceptions.js";
