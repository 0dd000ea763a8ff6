package dev.sluice.inference;

import java.util.Optional;

/** An operation of the OpenAI API whose request bodies can be scanned. */
public enum ApiKind {
  /** Needs {@code model} and the array {@code messages}. */
  CHAT_COMPLETIONS("/v1/chat/completions"),
  /** Needs {@code model} and {@code prompt} (or vLLM's {@code prompt_embeds}). */
  COMPLETIONS("/v1/completions"),
  /** Needs {@code model} and {@code input} (or vLLM's {@code messages}). */
  EMBEDDINGS("/v1/embeddings"),
  /** Needs {@code model} and {@code input}. */
  RESPONSES("/v1/responses");

  private final String path;

  ApiKind(String path) {
    this.path = path;
  }

  /** The request path of the operation, without a query. */
  public String path() {
    return path;
  }

  /** Whether the answer is made of generated tokens and may be streamed. */
  public boolean generates() {
    return this != EMBEDDINGS;
  }

  /**
   * Whether a stream ends with its usage only if {@code stream_options.include_usage} asks for it.
   */
  public boolean usageIsOptIn() {
    return this == CHAT_COMPLETIONS || this == COMPLETIONS;
  }

  /** The kind whose path is exactly {@code path}, which has no query and no trailing slash. */
  public static Optional<ApiKind> ofPath(String path) {
    for (var kind : values()) {
      if (kind.path.equals(path)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }
}
