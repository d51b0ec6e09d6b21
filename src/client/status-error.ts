/** HTTPError for responses of 4xx and 5xx. */
import { RequestException } from "../exceptions.js";
import { insideResponse, type Response } from "../message/response.js";

/** Bytes of a streamed body that are read for the error. */
const MOST_OF_ERROR = 64 * 1024;

/**
 * Throws for 4xx and 5xx. Of a streamed body up to 64 KiB are read first, because the error explains itself there.
 *
 * @throws HTTPError; the reason of an aborted call.
 */
export async function raisingForStatus(response: Response): Promise<Response> {
  if (!response.ok) {
    try {
      await insideResponse.readSome(response, MOST_OF_ERROR);
    } catch (error) {
      // A body that breaks off says less than the status. The reason of an abort is not a RequestException.
      if (!(error instanceof RequestException)) throw error;
    }
  }
  return response.raiseForStatus();
}
