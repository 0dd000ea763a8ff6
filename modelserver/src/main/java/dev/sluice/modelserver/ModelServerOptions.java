package dev.sluice.modelserver;

import java.time.Duration;
import java.util.List;

/**
 * How a simulated model server behaves. Immutable.
 *
 * @param host the address to listen on
 * @param port the TCP port; 0 picks a free one
 * @param models the names served, at least one
 * @param timeToFirstToken the delay from the start of running to the first token
 * @param timePerPromptToken added to the time to first token per prompt token
 * @param timePerOutputToken the delay between tokens
 * @param maxRunningSequences how many requests generate at once, at least 1
 * @param maxWaiting how many more may wait; beyond this, status 503
 * @param defaultOutputTokens tokens generated when the request names no limit, at least 1
 * @param tokenText the text of one token
 * @param kvTokens the KV cache's capacity in tokens, at least 1
 * @param resetAfterTokens tokens written before {@link Fault#RESET} cuts the connection
 * @param slowFactor the factor of {@link Fault#SLOW}, at least 1
 */
public record ModelServerOptions(
    String host,
    int port,
    List<String> models,
    Duration timeToFirstToken,
    Duration timePerPromptToken,
    Duration timePerOutputToken,
    int maxRunningSequences,
    int maxWaiting,
    int defaultOutputTokens,
    String tokenText,
    long kvTokens,
    int resetAfterTokens,
    int slowFactor) {
  /** Checks ranges. */
  public ModelServerOptions {
    models = List.copyOf(models);
    if (models.isEmpty()) {
      throw new IllegalArgumentException("models is empty");
    }
    if (maxRunningSequences < 1 || maxWaiting < 0 || defaultOutputTokens < 1 || kvTokens < 1) {
      throw new IllegalArgumentException("a limit of the model server is below its minimum");
    }
    if (timeToFirstToken.isNegative()
        || timePerPromptToken.isNegative()
        || timePerOutputToken.isNegative()) {
      throw new IllegalArgumentException("a delay of the model server is negative");
    }
    if (port < 0 || port > 65_535 || resetAfterTokens < 0 || slowFactor < 1) {
      throw new IllegalArgumentException("port, resetAfterTokens or slowFactor is out of range");
    }
  }

  /** A builder that holds the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects options. Not thread-safe. */
  public static final class Builder {
    private String host = "127.0.0.1";
    private int port;
    private List<String> models = List.of("sim");
    private Duration timeToFirstToken = Duration.ofMillis(50);
    private Duration timePerPromptToken = Duration.ZERO;
    private Duration timePerOutputToken = Duration.ofMillis(20);
    private int maxRunningSequences = 8;
    private int maxWaiting = Integer.MAX_VALUE;
    private int defaultOutputTokens = 16;
    private String tokenText = "tok ";
    private long kvTokens = 65_536;
    private int resetAfterTokens = 2;
    private int slowFactor = 10;

    private Builder() {}

    public Builder host(String value) {
      host = value;
      return this;
    }

    public Builder port(int value) {
      port = value;
      return this;
    }

    public Builder models(List<String> value) {
      models = List.copyOf(value);
      return this;
    }

    public Builder timeToFirstToken(Duration value) {
      timeToFirstToken = value;
      return this;
    }

    public Builder timePerPromptToken(Duration value) {
      timePerPromptToken = value;
      return this;
    }

    public Builder timePerOutputToken(Duration value) {
      timePerOutputToken = value;
      return this;
    }

    public Builder maxRunningSequences(int value) {
      maxRunningSequences = value;
      return this;
    }

    public Builder maxWaiting(int value) {
      maxWaiting = value;
      return this;
    }

    public Builder defaultOutputTokens(int value) {
      defaultOutputTokens = value;
      return this;
    }

    public Builder tokenText(String value) {
      tokenText = value;
      return this;
    }

    public Builder kvTokens(long value) {
      kvTokens = value;
      return this;
    }

    public Builder resetAfterTokens(int value) {
      resetAfterTokens = value;
      return this;
    }

    public Builder slowFactor(int value) {
      slowFactor = value;
      return this;
    }

    /** The options; {@link IllegalArgumentException} when one is out of range. */
    public ModelServerOptions build() {
      return new ModelServerOptions(
          host,
          port,
          models,
          timeToFirstToken,
          timePerPromptToken,
          timePerOutputToken,
          maxRunningSequences,
          maxWaiting,
          defaultOutputTokens,
          tokenText,
          kvTokens,
          resetAfterTokens,
          slowFactor);
    }
  }
}
