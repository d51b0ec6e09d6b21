import type { RouteGroup } from "../router.js";
import { authenticationRoutes } from "./authentication.js";
import { cookieRoutes } from "./cookies.js";
import { dataRoutes } from "./data.js";
import { faultRoutes } from "./faults.js";
import { formatRoutes } from "./formats.js";
import { imageRoutes } from "./images.js";
import { inspectionRoutes } from "./inspection.js";
import { methodRoutes } from "./methods.js";
import { pageRoutes } from "./pages.js";
import { protocolRoutes } from "./protocol.js";
import { redirectRoutes } from "./redirects.js";
import { responseRoutes } from "./responses.js";
import { retryRoutes } from "./retries.js";
import { statusRoutes } from "./status.js";
import { streamRoutes } from "./streams.js";

/** All routes of one server, in the order of its index page. */
export function routeGroups(): readonly RouteGroup[] {
  const groups: RouteGroup[] = [
    methodRoutes,
    inspectionRoutes,
    statusRoutes,
    redirectRoutes,
    authenticationRoutes,
    cookieRoutes,
    responseRoutes,
    formatRoutes,
    imageRoutes,
    dataRoutes,
    streamRoutes,
    retryRoutes(),
    faultRoutes,
    protocolRoutes,
  ];
  groups.push(pageRoutes(groups));
  return groups;
}
