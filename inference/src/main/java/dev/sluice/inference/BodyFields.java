package dev.sluice.inference;

/**
 * The names of the fields that a scan reads for its estimates. Model servers name the same thing
 * differently, and each ignores the names of the others. A prompt is counted under every name, so a
 * request gains nothing by an unusual one. A limit on the output counts only if a server of this
 * operation obeys it, because a limit makes a request cheaper. Stateless.
 */
final class BodyFields {
  private BodyFields() {}

  /** What a field says about the prompt. */
  enum Prompt {
    /** Nothing. */
    NONE,
    /** Text that is added to a prompt which another field holds. */
    CONTEXT,
    /** Text, or a structure that becomes one prompt. */
    ONE,
    /** Text, token ids, or a list of prompts. */
    SEVERAL,
    /** An image or a recording, or a list of them. */
    MEDIA
  }

  /** What the top-level field of this name says about the prompt. */
  static Prompt prompt(ApiKind kind, String name) {
    return switch (name) {
      case "instructions", "system", "tools", "functions", "suffix", "input_extra" ->
          Prompt.CONTEXT;
      case "messages", "query", "input_prefix", "input_suffix", "data" -> Prompt.ONE;
      case "prompt",
          "input",
          "inputs",
          "text",
          "texts",
          "content",
          "documents",
          "queries",
          "text_1",
          "text_2",
          "data_1",
          "data_2",
          "items",
          "instances",
          "input_ids",
          "token_ids",
          "tokens" ->
          isConversation(kind) ? Prompt.ONE : Prompt.SEVERAL;
      case "prompt_embeds", "input_embeds", "images", "image_data", "audio_data", "video_data" ->
          Prompt.MEDIA;
      default -> Prompt.NONE;
    };
  }

  /** Whether the body holds one conversation, however many items it is made of. */
  private static boolean isConversation(ApiKind kind) {
    return switch (kind) {
      case CHAT_COMPLETIONS, RESPONSES, MESSAGES, COUNT_TOKENS -> true;
      default -> false;
    };
  }

  /** Whether the top-level field of this name limits the output. */
  static boolean limitsOutput(ApiKind kind, String name) {
    return switch (kind) {
      case CHAT_COMPLETIONS -> name.equals("max_tokens") || name.equals("max_completion_tokens");
      case COMPLETIONS, MESSAGES -> name.equals("max_tokens");
      case RESPONSES -> name.equals("max_output_tokens");
      case LLAMA_COMPLETION -> name.equals("n_predict") || name.equals("max_tokens");
      case INVOCATIONS ->
          name.equals("max_tokens")
              || name.equals("max_completion_tokens")
              || name.equals("max_output_tokens");
      case TRANSCRIPTIONS -> name.equals("max_completion_tokens");
      case GENERATE, SPEECH, EMBEDDINGS, COUNT_TOKENS, RERANK, SCORE, TOKENIZE -> false;
    };
  }

  /** Whether the top-level object of this name holds limits. */
  static boolean holdsLimits(ApiKind kind, String name) {
    return (kind == ApiKind.GENERATE || kind == ApiKind.INVOCATIONS)
        && (name.equals("parameters") || name.equals("sampling_params"));
  }

  /** Whether the field of this name inside an object with limits limits the output. */
  static boolean limitsOutputInside(String name) {
    return name.equals("max_new_tokens") || name.equals("max_tokens");
  }

  /** Whether the field of this name is the number of answers to each prompt. */
  static boolean multipliesOutput(String name) {
    return name.equals("n") || name.equals("best_of") || name.equals("n_cmpl");
  }
}
