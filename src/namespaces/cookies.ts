export { RequestsCookieJar } from "../message/cookies/jar.js";
export { CookieConflictError } from "../exceptions.js";
