package dev.sluice.flowcontrol.types;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A request that is offered to flow control. Immutable; {@link #builder} makes one.
 *
 * <p>A count of tokens above {@link Usage#MOST_TOKENS} counts as that: a client may ask for any
 * number of tokens, and no sum must overflow.
 *
 * <p>Times are readings of the controller's {@code TimeSource}, comparable to {@code
 * System.nanoTime}.
 */
public final class FlowControlRequest {

  /** The value of an optional time, duration or count that was not given. */
  public static final long UNSET = Long.MIN_VALUE;

  /** A duration in nanoseconds that is never over. Sums of it and a reading do not overflow. */
  private static final long FOR_EVER_NANOS = Long.MAX_VALUE / 4;

  private static final Duration FOR_EVER = Duration.ofNanos(FOR_EVER_NANOS);

  private final String id;
  private final String tenant;
  private final FlowKey flow;
  private final long sizeBytes;
  private final long arrivedAtNanos;
  private final long ttlNanos;
  private final long deadlineNanos;
  private final long sloNanos;
  private final long inputTokens;
  private final long cachedInputTokens;
  private final boolean hasMedia;
  private final long outputTokens;
  private final Eligibility eligibility;
  private final Map<String, Object> attributes;

  private FlowControlRequest(Builder b) {
    id = b.id;
    flow = b.flow;
    tenant = b.tenant.isEmpty() ? b.flow.id() : b.tenant;
    sizeBytes = b.sizeBytes;
    arrivedAtNanos = b.arrivedAtNanos;
    ttlNanos = b.ttlNanos;
    deadlineNanos = b.deadlineNanos;
    sloNanos = b.sloNanos;
    inputTokens = b.inputTokens;
    cachedInputTokens = b.cachedInputTokens;
    hasMedia = b.hasMedia;
    outputTokens = b.outputTokens;
    eligibility = b.eligibility;
    attributes = Map.copyOf(b.attributes);
  }

  /** This request, if it holds so many bytes of memory while it waits. */
  public FlowControlRequest withSizeBytes(long bytes) {
    return new FlowControlRequest(new Builder(this).sizeBytes(bytes));
  }

  /** This request, with other needs that an endpoint must serve. */
  public FlowControlRequest withEligibility(Eligibility needs) {
    return new FlowControlRequest(new Builder(this).eligibility(needs));
  }

  /**
   * Starts a request of a flow. {@code id} names the request in logs and events; it need not be
   * unique.
   */
  public static Builder builder(String id, FlowKey flow) {
    return new Builder(id, flow);
  }

  /** The request's name in logs and events. */
  public String id() {
    return id;
  }

  /**
   * The tenant whose limits and share apply; the flow's id unless another was set. All requests of
   * a flow count for the tenant of the flow's first request.
   */
  public String tenant() {
    return tenant;
  }

  /** The flow that the request belongs to. */
  public FlowKey flow() {
    return flow;
  }

  /** The bytes of memory that the request holds while it waits, at least 0. */
  public long sizeBytes() {
    return sizeBytes;
  }

  /**
   * The time at which the request reached the process. If {@link #UNSET}, the time of the offer
   * counts.
   */
  public long arrivedAtNanos() {
    return arrivedAtNanos;
  }

  /**
   * The time that the request may wait for a saturated pool. If empty, the time to live of its band
   * applies, or the default.
   */
  public Optional<Duration> timeToLive() {
    return ttlNanos == UNSET ? Optional.empty() : Optional.of(Duration.ofNanos(ttlNanos));
  }

  /** {@link #timeToLive} in nanoseconds, or {@link #UNSET}. */
  public long ttlNanos() {
    return ttlNanos;
  }

  /** The time after which the request must not be dispatched, or {@link #UNSET}. */
  public long deadlineNanos() {
    return deadlineNanos;
  }

  /**
   * The sender's objective for the time from arrival to first token, in nanoseconds, or {@link
   * #UNSET}.
   */
  public long sloNanos() {
    return sloNanos;
  }

  /**
   * The estimated prompt tokens, at least 0. The estimate need not be good: the engine learns from
   * the usage of earlier requests how many tokens a prompt of the same tenant for the same model
   * has for each estimated one.
   */
  public long inputTokens() {
    return inputTokens;
  }

  /**
   * The prompt tokens that a prefix cache is expected to hold, between 0 and {@link #inputTokens};
   * 0 if unknown.
   */
  public long cachedInputTokens() {
    return cachedInputTokens;
  }

  /**
   * The cached tokens of a prompt that is predicted to have {@code predictedInputTokens}: the same
   * part of it as {@link #cachedInputTokens} is of {@link #inputTokens}.
   */
  public long cachedPartOf(long predictedInputTokens) {
    if (cachedInputTokens == 0 || predictedInputTokens == inputTokens) {
      return cachedInputTokens;
    }
    var part = (double) cachedInputTokens / inputTokens;
    return Math.min(predictedInputTokens, Math.round(part * predictedInputTokens));
  }

  /**
   * Whether the prompt holds images or other media. Prompts with and without media are learned
   * apart, because an estimate is wrong in another way for each.
   */
  public boolean hasMedia() {
    return hasMedia;
  }

  /** The sender's limit on generated tokens, or {@link #UNSET} if there is none. */
  public long maxOutputTokens() {
    return outputTokens;
  }

  /** The needs that an endpoint must meet to serve the request. */
  public Eligibility eligibility() {
    return eligibility;
  }

  /** Attributes that plugins may read; immutable. */
  public Map<String, Object> attributes() {
    return attributes;
  }

  /** This request, with another {@link #arrivedAtNanos}. */
  public FlowControlRequest withArrivedAtNanos(long nanos) {
    return new FlowControlRequest(new Builder(this).arrivedAtNanos(nanos));
  }

  @Override
  public String toString() {
    return "FlowControlRequest[" + id + " of " + flow + "]";
  }

  /** Collects a request's parts. Setters reject bad values at once. Not thread-safe. */
  public static final class Builder {
    private final String id;
    private final FlowKey flow;
    private String tenant = "";
    private long sizeBytes;
    private long arrivedAtNanos = UNSET;
    private long ttlNanos = UNSET;
    private long deadlineNanos = UNSET;
    private long sloNanos = UNSET;
    private long inputTokens;
    private long cachedInputTokens;
    private boolean hasMedia;
    private long outputTokens = UNSET;
    private Eligibility eligibility = Eligibility.ANY;
    private Map<String, Object> attributes = Map.of();

    private Builder(String id, FlowKey flow) {
      this.id = Objects.requireNonNull(id, "id");
      this.flow = Objects.requireNonNull(flow, "flow");
    }

    private Builder(FlowControlRequest other) {
      this(other.id, other.flow);
      tenant = other.tenant;
      sizeBytes = other.sizeBytes;
      arrivedAtNanos = other.arrivedAtNanos;
      ttlNanos = other.ttlNanos;
      deadlineNanos = other.deadlineNanos;
      sloNanos = other.sloNanos;
      inputTokens = other.inputTokens;
      cachedInputTokens = other.cachedInputTokens;
      hasMedia = other.hasMedia;
      outputTokens = other.outputTokens;
      eligibility = other.eligibility;
      attributes = other.attributes;
    }

    /** See {@link FlowControlRequest#tenant}; empty means the flow's id. */
    public Builder tenant(String tenant) {
      this.tenant = Objects.requireNonNull(tenant, "tenant");
      return this;
    }

    /** See {@link FlowControlRequest#sizeBytes}. */
    public Builder sizeBytes(long sizeBytes) {
      this.sizeBytes = notNegative("sizeBytes", sizeBytes);
      return this;
    }

    /** See {@link FlowControlRequest#arrivedAtNanos}. */
    public Builder arrivedAtNanos(long arrivedAtNanos) {
      this.arrivedAtNanos = arrivedAtNanos;
      return this;
    }

    /**
     * How long the request may wait for a saturated pool; zero means without limit, and 73 years
     * are the most.
     */
    public Builder timeToLive(Duration timeToLive) {
      this.ttlNanos = notNegative("timeToLive", nanos(timeToLive));
      return this;
    }

    /** See {@link FlowControlRequest#deadlineNanos}. */
    public Builder deadlineNanos(long deadlineNanos) {
      this.deadlineNanos = deadlineNanos;
      return this;
    }

    /** The sender's objective for the time from arrival to first token. */
    public Builder sloTarget(Duration timeToFirstToken) {
      this.sloNanos = notNegative("sloTarget", nanos(timeToFirstToken));
      return this;
    }

    /** See {@link FlowControlRequest#inputTokens}. */
    public Builder inputTokens(long inputTokens) {
      this.inputTokens = tokens("inputTokens", inputTokens);
      return this;
    }

    /**
     * See {@link FlowControlRequest#cachedInputTokens}; {@link #build} compares it with the prompt
     * tokens.
     */
    public Builder cachedInputTokens(long cachedInputTokens) {
      this.cachedInputTokens = tokens("cachedInputTokens", cachedInputTokens);
      return this;
    }

    /** See {@link FlowControlRequest#hasMedia}. False unless set. */
    public Builder hasMedia(boolean hasMedia) {
      this.hasMedia = hasMedia;
      return this;
    }

    /** See {@link FlowControlRequest#maxOutputTokens}. */
    public Builder maxOutputTokens(long maxOutputTokens) {
      this.outputTokens = tokens("maxOutputTokens", maxOutputTokens);
      return this;
    }

    /** See {@link FlowControlRequest#eligibility}. */
    public Builder eligibility(Eligibility eligibility) {
      this.eligibility = Objects.requireNonNull(eligibility, "eligibility");
      return this;
    }

    /** See {@link FlowControlRequest#attributes}. */
    public Builder attributes(Map<String, Object> attributes) {
      this.attributes = Objects.requireNonNull(attributes, "attributes");
      return this;
    }

    /** Makes the request. Rejects more cached tokens than prompt tokens. */
    public FlowControlRequest build() {
      if (cachedInputTokens > inputTokens) {
        throw new IllegalArgumentException(
            "cachedInputTokens: got " + cachedInputTokens + ", allowed 0 to " + inputTokens);
      }
      return new FlowControlRequest(this);
    }

    private static long tokens(String name, long count) {
      return Math.min(notNegative(name, count), Usage.MOST_TOKENS);
    }

    private static long nanos(Duration duration) {
      if (duration.isNegative()) {
        return -1;
      }
      return duration.compareTo(FOR_EVER) > 0 ? FOR_EVER_NANOS : duration.toNanos();
    }

    private static long notNegative(String name, long value) {
      if (value < 0) {
        throw new IllegalArgumentException(name + ": got " + value + ", allowed >= 0");
      }
      return value;
    }
  }
}
