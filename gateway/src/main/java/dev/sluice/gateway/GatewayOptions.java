package dev.sluice.gateway;

import dev.sluice.inference.BySize;
import dev.sluice.inference.TokenEstimator;
import dev.sluice.serving.identity.IdentityOptions;
import dev.sluice.serving.route.Routes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The settings of a gateway. Immutable.
 *
 * @param host the address to listen on
 * @param port the TCP port; 0 picks a free one
 * @param eventLoops event loops that serve connections, at least 1
 * @param maxBodyBytes the longest request body that is accepted
 * @param maxHeaderBytes the longest header section that is accepted
 * @param maxHeaders the most header lines of a request that are accepted
 * @param bodyBudgetBytes the memory that all requests together may hold: bodies, headers, and 8 KiB
 *     for each request
 * @param bodyTimeout how long a client may take to send a body
 * @param connectTimeout how long a connection to an endpoint may take to open
 * @param responseTimeout how long an endpoint may be silent, before its answer and during it
 * @param clientTimeout how long a client may leave an answer unread
 * @param upstreamApiKey the API key that endpoints expect; empty for none
 * @param askForUsage whether endpoints are asked for the usage of a stream if the client did not
 *     ask; the client does not see the difference
 * @param repeatAfterClose whether an inference request whose connection to its endpoint closes
 *     before an answer goes to another endpoint, although the first may have begun to serve it
 * @param tokenEstimator guesses the tokens of a prompt
 * @param identity how the tenant and the flow of a request are found
 * @param routes the paths that are proxied
 * @param clients the limits on connections of clients
 * @param cors which web pages may call the gateway
 */
public record GatewayOptions(
    String host,
    int port,
    int eventLoops,
    long maxBodyBytes,
    int maxHeaderBytes,
    int maxHeaders,
    long bodyBudgetBytes,
    Duration bodyTimeout,
    Duration connectTimeout,
    Duration responseTimeout,
    Duration clientTimeout,
    String upstreamApiKey,
    boolean askForUsage,
    boolean repeatAfterClose,
    TokenEstimator tokenEstimator,
    IdentityOptions identity,
    Routes routes,
    ClientLimits clients,
    Cors cors) {

  /**
   * Port 8080; bodies of up to 64 MB, and all requests together three eighths of the heap; 5
   * minutes for a silent endpoint.
   */
  public static final GatewayOptions DEFAULT = builder().build();

  /** Rejects values outside their ranges, all at once, a line for each. */
  public GatewayOptions {
    var faults = new ArrayList<String>();
    if (port < 0 || port > 65_535) {
      faults.add("port: got " + port + ", allowed 0 to 65535");
    }
    positive("eventLoops", eventLoops, faults);
    positive("maxBodyBytes", maxBodyBytes, faults);
    positive("maxHeaderBytes", maxHeaderBytes, faults);
    positive("maxHeaders", maxHeaders, faults);
    positive("bodyBudgetBytes", bodyBudgetBytes, faults);
    positive("bodyTimeout", bodyTimeout, faults);
    positive("connectTimeout", connectTimeout, faults);
    positive("responseTimeout", responseTimeout, faults);
    positive("clientTimeout", clientTimeout, faults);
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
  }

  private static void positive(String name, long value, List<String> faults) {
    if (value <= 0) {
      faults.add(name + ": got " + value + ", allowed > 0");
    }
  }

  private static void positive(String name, Duration value, List<String> faults) {
    if (!value.isPositive()) {
      faults.add(name + ": got " + value + ", allowed > 0");
    }
  }

  /** A builder that begins with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder that begins with these options. */
  public Builder toBuilder() {
    return new Builder()
        .host(host)
        .port(port)
        .eventLoops(eventLoops)
        .maxBodyBytes(maxBodyBytes)
        .maxHeaderBytes(maxHeaderBytes)
        .maxHeaders(maxHeaders)
        .bodyBudgetBytes(bodyBudgetBytes)
        .bodyTimeout(bodyTimeout)
        .connectTimeout(connectTimeout)
        .responseTimeout(responseTimeout)
        .clientTimeout(clientTimeout)
        .upstreamApiKey(upstreamApiKey)
        .askForUsage(askForUsage)
        .repeatAfterClose(repeatAfterClose)
        .tokenEstimator(tokenEstimator)
        .identity(identity)
        .routes(routes)
        .clients(clients)
        .cors(cors);
  }

  /** Each method sets the option of its name. Not thread-safe. */
  public static final class Builder {
    private String host = "0.0.0.0";
    private int port = 8080;
    private int eventLoops = Math.max(1, Runtime.getRuntime().availableProcessors());
    private long maxBodyBytes = 64L << 20;
    private int maxHeaderBytes = 32 << 10;
    private int maxHeaders = 200;
    private long bodyBudgetBytes = Runtime.getRuntime().maxMemory() / 8 * 3;
    private Duration bodyTimeout = Duration.ofSeconds(30);
    private Duration connectTimeout = Duration.ofSeconds(5);
    private Duration responseTimeout = Duration.ofMinutes(5);
    private Duration clientTimeout = Duration.ofMinutes(1);
    private String upstreamApiKey = "";
    private boolean askForUsage = true;
    private boolean repeatAfterClose;
    private TokenEstimator tokenEstimator = BySize.DEFAULT;
    private IdentityOptions identity = IdentityOptions.DEFAULT;
    private Routes routes = Routes.DEFAULT;
    private ClientLimits clients = ClientLimits.DEFAULT;
    private Cors cors = Cors.NONE;

    private Builder() {}

    public Builder host(String value) {
      host = value;
      return this;
    }

    public Builder port(int value) {
      port = value;
      return this;
    }

    public Builder eventLoops(int value) {
      eventLoops = value;
      return this;
    }

    public Builder maxBodyBytes(long value) {
      maxBodyBytes = value;
      return this;
    }

    public Builder maxHeaderBytes(int value) {
      maxHeaderBytes = value;
      return this;
    }

    public Builder maxHeaders(int value) {
      maxHeaders = value;
      return this;
    }

    public Builder bodyBudgetBytes(long value) {
      bodyBudgetBytes = value;
      return this;
    }

    public Builder bodyTimeout(Duration value) {
      bodyTimeout = value;
      return this;
    }

    public Builder connectTimeout(Duration value) {
      connectTimeout = value;
      return this;
    }

    public Builder responseTimeout(Duration value) {
      responseTimeout = value;
      return this;
    }

    public Builder clientTimeout(Duration value) {
      clientTimeout = value;
      return this;
    }

    public Builder upstreamApiKey(String value) {
      upstreamApiKey = value;
      return this;
    }

    public Builder askForUsage(boolean value) {
      askForUsage = value;
      return this;
    }

    /** False by default: a request that broke one endpoint would break the next. */
    public Builder repeatAfterClose(boolean value) {
      repeatAfterClose = value;
      return this;
    }

    public Builder tokenEstimator(TokenEstimator value) {
      tokenEstimator = value;
      return this;
    }

    public Builder identity(IdentityOptions value) {
      identity = value;
      return this;
    }

    public Builder routes(Routes value) {
      routes = value;
      return this;
    }

    public Builder clients(ClientLimits value) {
      clients = value;
      return this;
    }

    public Builder cors(Cors value) {
      cors = value;
      return this;
    }

    /**
     * The options.
     *
     * @throws IllegalArgumentException if some are outside their ranges; it names each
     */
    public GatewayOptions build() {
      return new GatewayOptions(
          host,
          port,
          eventLoops,
          maxBodyBytes,
          maxHeaderBytes,
          maxHeaders,
          bodyBudgetBytes,
          bodyTimeout,
          connectTimeout,
          responseTimeout,
          clientTimeout,
          upstreamApiKey,
          askForUsage,
          repeatAfterClose,
          tokenEstimator,
          identity,
          routes,
          clients,
          cors);
    }
  }
}
