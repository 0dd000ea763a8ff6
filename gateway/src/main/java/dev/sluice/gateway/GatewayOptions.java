package dev.sluice.gateway;

import dev.sluice.inference.BySize;
import dev.sluice.inference.TokenEstimator;
import java.time.Duration;

/**
 * How the gateway runs. Immutable.
 *
 * @param host the address to listen on
 * @param port the TCP port; 0 picks a free one
 * @param eventLoops event loops that serve connections, at least 1
 * @param maxBodyBytes the longest request body
 * @param maxHeaderBytes the longest header section
 * @param bodyBudgetBytes the memory that all request bodies may take together
 * @param bodyTimeout how long a client may take to send a body
 * @param connectTimeout how long a connection to an endpoint may take to open
 * @param responseTimeout how long an endpoint may be silent, before its answer and in it
 * @param clientTimeout how long a client may leave an answer unread
 * @param upstreamApiKey the key that endpoints want; empty if none
 * @param tokenEstimator guesses prompt tokens
 * @param identity how requests get their flow
 */
public record GatewayOptions(
    String host,
    int port,
    int eventLoops,
    long maxBodyBytes,
    int maxHeaderBytes,
    long bodyBudgetBytes,
    Duration bodyTimeout,
    Duration connectTimeout,
    Duration responseTimeout,
    Duration clientTimeout,
    String upstreamApiKey,
    TokenEstimator tokenEstimator,
    IdentityOptions identity) {

  /** Port 8080, bodies to 64 MB and an eighth of the heap, 5 minutes for a silent endpoint. */
  public static final GatewayOptions DEFAULT =
      new GatewayOptions(
          "0.0.0.0",
          8080,
          Math.max(1, Runtime.getRuntime().availableProcessors()),
          64L << 20,
          32 << 10,
          Runtime.getRuntime().maxMemory() / 8,
          Duration.ofSeconds(30),
          Duration.ofSeconds(5),
          Duration.ofMinutes(5),
          Duration.ofMinutes(1),
          "",
          BySize.DEFAULT,
          IdentityOptions.DEFAULT);

  /** Rejects values outside their ranges. */
  public GatewayOptions {
    require(port >= 0 && port <= 65_535, "port", port, "0 to 65535");
    require(eventLoops > 0, "eventLoops", eventLoops, "> 0");
    require(maxBodyBytes > 0, "maxBodyBytes", maxBodyBytes, "> 0");
    require(maxHeaderBytes > 0, "maxHeaderBytes", maxHeaderBytes, "> 0");
    require(bodyBudgetBytes > 0, "bodyBudgetBytes", bodyBudgetBytes, "> 0");
    require(isPositive(bodyTimeout), "bodyTimeout", bodyTimeout, "> 0");
    require(isPositive(connectTimeout), "connectTimeout", connectTimeout, "> 0");
    require(isPositive(responseTimeout), "responseTimeout", responseTimeout, "> 0");
    require(isPositive(clientTimeout), "clientTimeout", clientTimeout, "> 0");
  }

  /** These options on another address. */
  public GatewayOptions withAddress(String newHost, int newPort) {
    return new GatewayOptions(
        newHost,
        newPort,
        eventLoops,
        maxBodyBytes,
        maxHeaderBytes,
        bodyBudgetBytes,
        bodyTimeout,
        connectTimeout,
        responseTimeout,
        clientTimeout,
        upstreamApiKey,
        tokenEstimator,
        identity);
  }

  /** These options with other identities. */
  public GatewayOptions withIdentity(IdentityOptions newIdentity) {
    return new GatewayOptions(
        host,
        port,
        eventLoops,
        maxBodyBytes,
        maxHeaderBytes,
        bodyBudgetBytes,
        bodyTimeout,
        connectTimeout,
        responseTimeout,
        clientTimeout,
        upstreamApiKey,
        tokenEstimator,
        newIdentity);
  }

  /** These options with other limits on bodies. */
  public GatewayOptions withBodyLimits(long newMaxBodyBytes, long newBudgetBytes) {
    return new GatewayOptions(
        host,
        port,
        eventLoops,
        newMaxBodyBytes,
        maxHeaderBytes,
        newBudgetBytes,
        bodyTimeout,
        connectTimeout,
        responseTimeout,
        clientTimeout,
        upstreamApiKey,
        tokenEstimator,
        identity);
  }

  /** These options with other timeouts. */
  public GatewayOptions withTimeouts(
      Duration body, Duration connect, Duration response, Duration client) {
    return new GatewayOptions(
        host,
        port,
        eventLoops,
        maxBodyBytes,
        maxHeaderBytes,
        bodyBudgetBytes,
        body,
        connect,
        response,
        client,
        upstreamApiKey,
        tokenEstimator,
        identity);
  }

  /** These options with another guess of prompt tokens. */
  public GatewayOptions withTokenEstimator(TokenEstimator newEstimator) {
    return new GatewayOptions(
        host,
        port,
        eventLoops,
        maxBodyBytes,
        maxHeaderBytes,
        bodyBudgetBytes,
        bodyTimeout,
        connectTimeout,
        responseTimeout,
        clientTimeout,
        upstreamApiKey,
        newEstimator,
        identity);
  }

  private static boolean isPositive(Duration duration) {
    return !duration.isNegative() && !duration.isZero();
  }

  private static void require(boolean holds, String name, Object given, String allowed) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": got " + given + ", allowed " + allowed);
    }
  }
}
