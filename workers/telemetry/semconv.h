/* semconv.h: every attribute name that a span carries, and the values that the
 * conventions name; they stand in no other file. The gen_ai ones have the status
 * "Development": OpenTelemetry may still rename them
 * (github.com/open-telemetry/semantic-conventions-genai). */
#ifndef BARKER_WORKERS_TELEMETRY_SEMCONV_H
#define BARKER_WORKERS_TELEMETRY_SEMCONV_H

#define SEMCONV_SERVICE_NAME "service.name"
#define SEMCONV_SERVICE_VERSION "service.version"
#define SEMCONV_SERVICE_INSTANCE "service.instance.id"

#define SEMCONV_OPERATION "gen_ai.operation.name"
#define SEMCONV_PROVIDER "gen_ai.provider.name"
#define SEMCONV_OUTPUT_TYPE "gen_ai.output.type"
#define SEMCONV_REQUEST_MODEL "gen_ai.request.model"
#define SEMCONV_REQUEST_MAX_TOKENS "gen_ai.request.max_tokens"
#define SEMCONV_REQUEST_TEMPERATURE "gen_ai.request.temperature"
#define SEMCONV_REQUEST_STREAM "gen_ai.request.stream"
#define SEMCONV_RESPONSE_ID "gen_ai.response.id"
#define SEMCONV_RESPONSE_MODEL "gen_ai.response.model"
#define SEMCONV_FINISH_REASONS "gen_ai.response.finish_reasons"
#define SEMCONV_FIRST_CHUNK "gen_ai.response.time_to_first_chunk"
#define SEMCONV_TOKENS_IN "gen_ai.usage.input_tokens"
#define SEMCONV_TOKENS_OUT "gen_ai.usage.output_tokens"
#define SEMCONV_TOKENS_CACHED "gen_ai.usage.cache_read.input_tokens"
#define SEMCONV_SERVER_ADDRESS "server.address"
#define SEMCONV_SERVER_PORT "server.port"
#define SEMCONV_ERROR_TYPE "error.type"
#define SEMCONV_HTTP_STATUS "http.response.status_code"

/* Ours: where the call stands in its campaign, and what it cost. */
#define SEMCONV_CAMPAIGN "barker.campaign"
#define SEMCONV_STAGE "barker.stage"
#define SEMCONV_ITERATION "barker.iteration"
#define SEMCONV_INDEX "barker.index"
#define SEMCONV_ATTEMPT "barker.attempt"
#define SEMCONV_ENDPOINT "barker.endpoint"
#define SEMCONV_REQUEST_ID "barker.request_id"
#define SEMCONV_SENT "barker.sent"
#define SEMCONV_HEDGED "barker.hedged"
#define SEMCONV_COST_USD "barker.cost_usd"
#define SEMCONV_USAGE "barker.usage"

/* What the conventions call a dialect (its name in providers.def). One that is not in
 * their list goes by its own name, and chats. */
const char *semconv_provider(const char *dialect);
const char *semconv_operation(const char *dialect);

#endif
