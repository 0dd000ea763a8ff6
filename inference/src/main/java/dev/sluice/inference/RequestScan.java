package dev.sluice.inference;

/**
 * The facts about a request body that flow control needs. Immutable.
 *
 * @param kind the operation
 * @param model the requested model or adapter; empty if the client named none
 * @param stream whether the client wants a stream; always false if the operation does not generate
 * @param includeUsage whether the client asked for the usage event at the end of a stream
 * @param maxOutputTokens the client's limit on output tokens for each choice, the largest if it set
 *     several; 0 if it set none
 * @param choices the number of answers to each prompt ({@code n}), at least 1
 * @param prompts the number of prompts in the body, at least 1; a model server runs each as a
 *     sequence of its own
 * @param promptBytes the size of the prompt's JSON text (messages, prompt or input, instructions,
 *     tools), without media and token ids; exact if the JSON has no white space after strings
 * @param promptTokenIds the number of token ids that the prompt gives directly
 * @param mediaParts the number of images, recordings and files that the prompt holds or refers to
 * @param mediaBytes the size of the JSON text of these media
 * @param bodyBytes the size of the whole body
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

  /** Whether the client set a limit on output tokens. */
  public boolean hasMaxOutputTokens() {
    return maxOutputTokens > 0;
  }

  /** The number of sequences that a model server runs for this request: prompts times choices. */
  public long sequences() {
    return (long) prompts * choices;
  }
}
