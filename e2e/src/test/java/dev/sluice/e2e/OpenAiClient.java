package dev.sluice.e2e;

import java.net.URI;
import java.util.Map;

/**
 * A client of the OpenAI API that other people wrote.
 *
 * <p>What it met with, by name: {@code text}, {@code finish}, {@code inputTokens}, {@code
 * outputTokens}, {@code times} (milliseconds at which each token came), {@code chunks}, {@code
 * dimensions}, {@code ids}; and, where it was refused, {@code status}, {@code code}, {@code
 * message} and {@code retryAfter} as the client understood them.
 */
@FunctionalInterface
interface OpenAiClient {
  Map<String, Object> call(URI base, Ask ask) throws Exception;
}
