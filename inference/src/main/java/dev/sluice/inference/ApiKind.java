package dev.sluice.inference;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An operation of a model server whose request bodies can be scanned. The paths are those of
 * OpenAI, Anthropic, vLLM, SGLang, Text Generation Inference and llama.cpp.
 */
public enum ApiKind {
  /** OpenAI's chat. */
  CHAT_COMPLETIONS("chat", "/v1/chat/completions", "/chat/completions"),
  /** OpenAI's older completions. */
  COMPLETIONS("completions", "/v1/completions", "/completions"),
  /** Embeddings, and what else pooling models answer about one input. */
  EMBEDDINGS(
      "embeddings",
      "/v1/embeddings",
      "/embeddings",
      "/embedding",
      "/embed",
      "/v2/embed",
      "/encode",
      "/pooling",
      "/classify",
      "/v1/classify"),
  /** OpenAI's responses. */
  RESPONSES("responses", "/v1/responses", "/responses"),
  /** Anthropic's messages. Errors have Anthropic's form. */
  MESSAGES("messages", "/v1/messages"),
  /** Anthropic's count of a prompt's tokens. Errors have Anthropic's form. */
  COUNT_TOKENS("count-tokens", "/v1/messages/count_tokens"),
  /** A query and the documents to be ordered by it. */
  RERANK("rerank", "/rerank", "/v1/rerank", "/v2/rerank", "/reranking", "/v1/reranking"),
  /** The likeness of pairs of texts. */
  SCORE("score", "/score", "/v1/score"),
  /** The tokens of a text, the text of tokens, or the text that a chat template makes. */
  TOKENIZE(
      "tokenize",
      "/tokenize",
      "/v1/tokenize",
      "/detokenize",
      "/v1/detokenize",
      "/chat_tokenize",
      "/apply-template"),
  /** The own generation of SGLang, vLLM and Text Generation Inference; limits are nested. */
  GENERATE(
      "generate",
      "/",
      "/generate",
      "/generate_stream",
      "/inference/v1/generate",
      "/vertex_generate"),
  /** The own completion of llama.cpp. */
  LLAMA_COMPLETION("llama-completion", "/completion", "/infill"),
  /** SageMaker's path, which takes the body of any other operation. */
  INVOCATIONS("invocations", "/invocations"),
  /** A recording as multipart/form-data, to be written down or translated. */
  TRANSCRIPTIONS(
      "transcriptions",
      "/v1/audio/transcriptions",
      "/v1/audio/translations",
      "/audio/transcriptions"),
  /** A text that is to be spoken. */
  SPEECH("speech", "/v1/audio/speech");

  private final String word;

  @SuppressWarnings("ImmutableEnumChecker") // the list cannot be changed
  private final List<String> paths;

  ApiKind(String word, String... paths) {
    this.word = word;
    this.paths = List.of(paths);
  }

  /** The name of the operation in configurations. */
  public String word() {
    return word;
  }

  /** The request paths of the operation, without a query. */
  public List<String> paths() {
    return paths;
  }

  /** Whether the answer is made of generated tokens and may be streamed. */
  public boolean generates() {
    return switch (this) {
      case CHAT_COMPLETIONS,
          COMPLETIONS,
          RESPONSES,
          MESSAGES,
          GENERATE,
          LLAMA_COMPLETION,
          INVOCATIONS,
          TRANSCRIPTIONS,
          SPEECH ->
          true;
      case EMBEDDINGS, COUNT_TOKENS, RERANK, SCORE, TOKENIZE -> false;
    };
  }

  /**
   * Whether a stream ends with its usage only if {@code stream_options.include_usage} asks for it.
   */
  public boolean usageIsOptIn() {
    return this == CHAT_COMPLETIONS || this == COMPLETIONS;
  }

  /** Whether the body is multipart/form-data, not JSON. */
  public boolean isMultipart() {
    return this == TRANSCRIPTIONS;
  }

  /** The form that the clients of the operation expect errors in. */
  public ErrorForm errorForm() {
    return this == MESSAGES || this == COUNT_TOKENS ? ErrorForm.ANTHROPIC : ErrorForm.OPENAI;
  }

  /** The kind that has exactly this path, which has no query and no trailing slash. */
  public static Optional<ApiKind> ofPath(String path) {
    for (var kind : values()) {
      if (kind.paths.contains(path)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  /** The kind of this name in configurations. */
  public static Optional<ApiKind> ofWord(String word) {
    for (var kind : values()) {
      if (kind.word.equals(word)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  /** The names of all kinds in configurations, in the order of their declaration. */
  public static List<String> words() {
    var words = new ArrayList<String>();
    for (var kind : values()) {
      words.add(kind.word);
    }
    return List.copyOf(words);
  }
}
