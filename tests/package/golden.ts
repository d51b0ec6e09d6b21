/** `npm run golden`: writes down the public types as they are now. The difference belongs in the review. */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { goldenFile, publicTypes } from "./public-types.js";

writeFileSync(goldenFile, publicTypes());
console.log(`wrote ${relative(process.cwd(), goldenFile)}`);
