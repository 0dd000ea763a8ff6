package dev.sluice.inference;

/**
 * What flow control has to know of a request body. Immutable.
 *
 * @param kind the operation
 * @param model the model or adapter that is asked for, not blank
 * @param stream whether the answer is to be streamed; always false for embeddings
 * @param includeUsage whether the client asked for the usage event at the end of a stream
 * @param maxOutputTokens the client's limit of output tokens for each choice; 0 if it set none
 * @param choices how many answers to each prompt ({@code n}), at least 1
 * @param prompts how many prompts the body carries, at least 1; each occupies a place of its own in
 *     a model server
 * @param promptBytes size of the JSON text of the prompt (messages, prompt or input, instructions,
 *     tools) without the media and token ids in it; exact for JSON without white space after
 *     strings
 * @param promptTokenIds how many token ids the prompt gives directly
 * @param mediaParts how many images, recordings and files the prompt holds or refers to
 * @param mediaBytes size of their JSON text
 * @param bodyBytes size of the whole body
 * @param usageSplice the edit that makes the body ask for the usage event; changes nothing if the
 *     body asks already, if the operation has no such option, or if other events would change too
 */
public record RequestScan(
    ApiKind kind,
    String model,
    boolean stream,
    boolean includeUsage,
    long maxOutputTokens,
    int choices,
    int prompts,
    long promptBytes,
    long promptTokenIds,
    int mediaParts,
    long mediaBytes,
    long bodyBytes,
    BodySplice usageSplice) {
  public RequestScan {
    if (model.isBlank()) {
      throw new IllegalArgumentException("model is blank");
    }
    if (maxOutputTokens < 0 || choices < 1 || prompts < 1) {
      throw new IllegalArgumentException(
          "maxOutputTokens "
              + maxOutputTokens
              + ", choices "
              + choices
              + ", prompts "
              + prompts
              + ": allowed >= 0, >= 1, >= 1");
    }
    if (promptBytes < 0
        || promptTokenIds < 0
        || mediaParts < 0
        || mediaBytes < 0
        || bodyBytes < 0) {
      throw new IllegalArgumentException("a size is negative");
    }
  }

  /** Whether the client limited the output. */
  public boolean hasMaxOutputTokens() {
    return maxOutputTokens > 0;
  }

  /** How many sequences a model server runs for this request: prompts times choices. */
  public long sequences() {
    return (long) prompts * choices;
  }
}
