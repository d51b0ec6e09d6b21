/** All scenes, in the order of the tour. */
import type { Chapter, Scene } from "../scene.js";
import { authentication } from "./authentication.js";
import { errors } from "./errors.js";
import { files } from "./files.js";
import { firstMinute } from "./first-minute.js";
import { redirectsAndTime } from "./redirects-and-time.js";
import { sendingData } from "./sending-data.js";
import { sessions } from "./sessions.js";
import { underTheHood } from "./under-the-hood.js";

const CHAPTERS: readonly Chapter[] = [
  firstMinute,
  sendingData,
  files,
  sessions,
  authentication,
  redirectsAndTime,
  errors,
  underTheHood,
];

/** A scene and where it stands. */
export interface Placed {
  readonly chapter: Chapter;
  readonly scene: Scene;
  /** From 1, through all chapters. */
  readonly number: number;
}

/** Every scene with its number. */
export const SCENES: readonly Placed[] = CHAPTERS.flatMap((chapter) =>
  chapter.scenes.map((scene) => ({ chapter, scene })),
).map((placed, at) => ({ ...placed, number: at + 1 }));
