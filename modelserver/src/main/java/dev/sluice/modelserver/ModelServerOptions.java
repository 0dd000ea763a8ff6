package dev.sluice.modelserver;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;

/**
 * The options of a simulated model server: its address, models, speed, limits and faults.
 * Immutable.
 *
 * @param host the address to listen on
 * @param port the TCP port; 0 picks a free one
 * @param models the names of the served models, at least one
 * @param adapters LoRA adapters of these models; each is served under its own name
 * @param maxAdapters how many adapters can run at once, at least 1
 * @param timeToFirstToken the delay from when a request starts to run to its first token
 * @param timePerPromptToken the time that each prompt token adds to that delay
 * @param timePerOutputToken the delay between two tokens
 * @param jitter the largest random change of a delay, as a fraction of the delay, 0 to 1
 * @param seed the seed of the random changes
 * @param habits how it reads prompts, answers and shows its load
 * @param maxRunningSequences how many requests generate at once, at least 1
 * @param maxWaiting how many more may wait; requests beyond this limit get status 503
 * @param defaultOutputTokens the tokens that are generated if a request sets no limit, at least 1
 * @param tokenText the text of each token
 * @param kvTokens the capacity of the KV cache in tokens, at least 1; if running requests need
 *     more, the youngest has to wait again
 * @param resetAfterTokens tokens written before {@link Fault#RESET} cuts the connection
 * @param slowFactor the factor by which {@link Fault#SLOW} multiplies delays, at least 1
 * @param faultHeader whether requests may ask for a fault by {@link ModelServer#FAULT_HEADER}
 */
public record ModelServerOptions(
    String host,
    int port,
    List<String> models,
    List<Adapter> adapters,
    int maxAdapters,
    Duration timeToFirstToken,
    Duration timePerPromptToken,
    Duration timePerOutputToken,
    double jitter,
    long seed,
    Habits habits,
    int maxRunningSequences,
    int maxWaiting,
    int defaultOutputTokens,
    String tokenText,
    long kvTokens,
    int resetAfterTokens,
    int slowFactor,
    boolean faultHeader) {
  /** Rejects options that are out of range. */
  public ModelServerOptions {
    models = List.copyOf(models);
    if (models.isEmpty()) {
      throw new IllegalArgumentException("models: got none, allowed at least one");
    }
    adapters = List.copyOf(adapters);
    var names = new HashSet<String>();
    for (var name : models) {
      if (!names.add(name)) {
        throw new IllegalArgumentException("models: " + name + " is listed twice");
      }
    }
    for (var adapter : adapters) {
      if (!models.contains(adapter.model())) {
        throw new IllegalArgumentException(
            "adapters: " + adapter.name() + " adapts " + adapter.model() + ", which is not served");
      }
      if (!names.add(adapter.name())) {
        throw new IllegalArgumentException(
            "adapters: the name " + adapter.name() + " is used twice");
      }
    }
    if (maxAdapters < 1) {
      throw new IllegalArgumentException("maxAdapters: got " + maxAdapters + ", allowed >= 1");
    }
    if (!(jitter >= 0 && jitter <= 1)) {
      throw new IllegalArgumentException("jitter: got " + jitter + ", allowed 0 to 1");
    }
    if (maxRunningSequences < 1 || maxWaiting < 0 || defaultOutputTokens < 1 || kvTokens < 1) {
      throw new IllegalArgumentException(
          ("limits: got maxRunningSequences %d, maxWaiting %d, defaultOutputTokens %d,"
                  + " kvTokens %d; allowed >= 1, >= 0, >= 1, >= 1")
              .formatted(maxRunningSequences, maxWaiting, defaultOutputTokens, kvTokens));
    }
    if (timeToFirstToken.isNegative()
        || timePerPromptToken.isNegative()
        || timePerOutputToken.isNegative()) {
      throw new IllegalArgumentException(
          ("delays: got timeToFirstToken %s, timePerPromptToken %s, timePerOutputToken %s;"
                  + " allowed >= 0")
              .formatted(timeToFirstToken, timePerPromptToken, timePerOutputToken));
    }
    if (port < 0 || port > 65_535 || resetAfterTokens < 0 || slowFactor < 1) {
      throw new IllegalArgumentException(
          "got port %d, resetAfterTokens %d, slowFactor %d; allowed 0 to 65535, >= 0, >= 1"
              .formatted(port, resetAfterTokens, slowFactor));
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
    private List<Adapter> adapters = List.of();
    private int maxAdapters = 4;
    private Duration timeToFirstToken = Duration.ofMillis(50);
    private Duration timePerPromptToken = Duration.ZERO;
    private Duration timePerOutputToken = Duration.ofMillis(20);
    private double jitter;
    private long seed = 1;
    private Habits habits = Habits.PLAIN;
    private int maxRunningSequences = 8;
    private int maxWaiting = Integer.MAX_VALUE;
    private int defaultOutputTokens = 16;
    private String tokenText = "tok ";
    private long kvTokens = 65_536;
    private int resetAfterTokens = 2;
    private int slowFactor = 10;
    private boolean faultHeader;

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

    public Builder adapters(List<Adapter> value) {
      adapters = List.copyOf(value);
      return this;
    }

    public Builder maxAdapters(int value) {
      maxAdapters = value;
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

    public Builder jitter(double value) {
      jitter = value;
      return this;
    }

    public Builder seed(long value) {
      seed = value;
      return this;
    }

    public Builder habits(Habits value) {
      habits = value;
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

    public Builder faultHeader(boolean value) {
      faultHeader = value;
      return this;
    }

    /** Makes the options. Throws {@link IllegalArgumentException} if one is out of range. */
    public ModelServerOptions build() {
      return new ModelServerOptions(
          host,
          port,
          models,
          adapters,
          maxAdapters,
          timeToFirstToken,
          timePerPromptToken,
          timePerOutputToken,
          jitter,
          seed,
          habits,
          maxRunningSequences,
          maxWaiting,
          defaultOutputTokens,
          tokenText,
          kvTokens,
          resetAfterTokens,
          slowFactor,
          faultHeader);
    }
  }
}
