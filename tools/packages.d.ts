/** The packages of the tools are not installed by `npm ci`, so `npm run check` does not know their types. */
declare module "axios";
declare module "got";
declare module "ky";
declare module "needle";
declare module "node-fetch";
declare module "superagent";
declare module "undici";
declare module "playwright-core";
declare module "typedoc";
declare module "vitepress/theme";
declare module "*.css";
