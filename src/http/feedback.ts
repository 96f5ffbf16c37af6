/** `POST /api/feedback`: what a user says of an answer. @module */

import { z } from "zod";
import { gatewayError, RequestError } from "../exchange/gateway_error.ts";
import type { AnsweredRequest } from "../providers/feedback.ts";
import { readBody, sendJson } from "./admin_body.ts";
import { type Route, WRITE_LIMITS } from "./route.ts";

const SCORE = z.number().min(0).max(1);
const BODY = z.strictObject({
  requestId: z.string().min(1).max(128),
  quality: SCORE.optional(),
  satisfaction: SCORE.optional(),
}).refine(
  ({ quality, satisfaction }) =>
    quality !== undefined || satisfaction !== undefined,
  "give quality or satisfaction, a number from 0 to 1",
);

/** Where feedback goes. */
export interface FeedbackSink {
  /** The answered request of that id, `null` if it is unknown. */
  find(requestId: string): AnsweredRequest | null;
  /** Takes what was said of it; `null` for what was left out. */
  take(
    request: AnsweredRequest,
    quality: number | null,
    satisfaction: number | null,
  ): void;
}

/** Makes the route. */
export function feedbackRoutes(sink: FeedbackSink): Route[] {
  return [{
    method: "POST",
    path: "/api/feedback",
    scope: "admin",
    protocol: null,
    limits: WRITE_LIMITS,
    handler: (_context, request, response) => {
      const body = readBody(request, BODY);
      const answered = sink.find(body.requestId);
      if (answered === null) {
        throw new RequestError(gatewayError(
          "not_found",
          "Cannot take feedback: the request is unknown or too long ago; requestId is the x-request-id of an answer",
          { param: "requestId" },
        ));
      }
      sink.take(answered, body.quality ?? null, body.satisfaction ?? null);
      sendJson(response, 200, { ok: true, target: answered.target.id });
    },
  }];
}
