/** Files with secrets in them: cookies, archives of requests. */
import { randomBytes } from "node:crypto";
import { open, rename, stat, unlink, writeFile } from "node:fs/promises";

/**
 * Writes a file that only its owner may read (mode 0600), whatever the mode of an existing file is. Readers see the old
 * file or the whole new one. A path that is not a regular file, such as `/dev/stdout`, is written to as it is.
 *
 * @throws the file system's own error; the old file is then untouched.
 */
export async function writePrivateFile(path: string, text: string, encoding: "utf8" | "latin1"): Promise<void> {
  const before = await stat(path).catch(() => null);
  if (before !== null && !before.isFile()) {
    await writeFile(path, text, encoding);
    return;
  }
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  const file = await open(temporary, "wx", 0o600);
  try {
    try {
      await file.writeFile(text, encoding);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}
