import { IMAGES, type Image } from "../images.js";
import type { Incoming } from "../incoming.js";
import { reply, type Answer } from "../responses.js";
import type { RouteGroup } from "../router.js";
import { statusAnswer } from "./status.js";

function show(image: Image): Answer {
  return reply(image.type, image.bytes);
}

/** Looks for a type in Accept, in this order, by its letters alone: no weights, no wildcard but image/*. */
function chooseImage(incoming: Incoming): Answer {
  const accept = incoming.header("Accept")?.toLowerCase();
  if (accept === undefined) return show(IMAGES.png);
  if (accept.includes("image/webp")) return show(IMAGES.webp);
  if (accept.includes("image/svg+xml")) return show(IMAGES.svg);
  if (accept.includes("image/jpeg")) return show(IMAGES.jpeg);
  if (accept.includes("image/png") || accept.includes("image/*")) return show(IMAGES.png);
  return statusAnswer(406);
}

/** `/image` and its formats. */
export const imageRoutes: RouteGroup = {
  title: "Images",
  routes: [
    {
      path: "/image",
      summary: "A picture in the type that Accept asks for; 406 for any other, */* included.",
      examples: ["/image"],
      handle: chooseImage,
    },
    ...Object.entries(IMAGES).map(([name, image]) => ({
      path: `/image/${name}`,
      summary: `A picture as ${image.type}.`,
      examples: [`/image/${name}`],
      handle: () => show(image),
    })),
  ],
};
