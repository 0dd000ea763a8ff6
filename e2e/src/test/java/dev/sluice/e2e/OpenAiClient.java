package dev.sluice.e2e;

import java.net.URI;
import java.util.Map;

/**
 * A client of the OpenAI API that was written outside this project.
 *
 * <p>A call returns the client's results by name: {@code text}, {@code finish}, {@code
 * inputTokens}, {@code outputTokens}, {@code times} (the milliseconds at which tokens came), {@code
 * chunks}, {@code dimensions} and {@code ids}. If the request was refused, the names are {@code
 * status}, {@code code}, {@code message} and {@code retryAfter}, as the client understood them.
 */
@FunctionalInterface
interface OpenAiClient {
  Map<String, Object> call(URI base, Ask ask) throws Exception;
}
