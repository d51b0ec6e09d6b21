/** The parts of a prepared request that are shown: as a curl command, as JSON. */
import type { FieldList } from "../http/fields.js";
import type { Body } from "./body/body.js";

export interface ShownRequest {
  readonly method: string;
  readonly url: string;
  readonly fields: FieldList;
  readonly body: Body | null;
  /** Names of headers that carry credentials beside the usual ones. */
  readonly credentialHeaders: readonly string[];
}
