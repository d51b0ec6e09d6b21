export { AuthBase } from "../auth/base.js";
export { HTTPBasicAuth, HTTPProxyAuth } from "../auth/basic.js";
export { HTTPBearerAuth } from "../auth/bearer.js";
export { HTTPDigestAuth } from "../auth/digest.js";
