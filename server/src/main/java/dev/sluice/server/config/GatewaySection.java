package dev.sluice.server.config;

import dev.sluice.inference.BySize;
import dev.sluice.serving.identity.IdentityOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * {@code gateway}: the port for clients.
 *
 * @param host address to listen on
 * @param port TCP port; 0 picks a free one
 * @param eventLoops event loops; 0 means one per core
 * @param maxBodyBytes longest request body
 * @param maxHeaderBytes longest header section
 * @param bodyBudgetBytes memory for all request bodies together; 0 means an eighth of the heap
 * @param bodyTimeout how long a client may take to send a body
 * @param connectTimeout how long a connection to an endpoint may take to open
 * @param responseTimeout how long an endpoint may be silent
 * @param clientTimeout how long a client may leave its answer unread
 * @param upstreamApiKey key that the endpoints want; empty if none
 * @param askForUsage whether streamed answers are asked for the tokens that they used where the
 *     client did not ask; the client does not see the difference
 * @param tokenEstimator name of the estimator of prompt tokens
 * @param trustTenantHeader whether a header may name the tenant: only behind a proxy that sets it
 * @param tenantHeaders names of that header
 * @param requireApiKey whether requests without an API key are refused
 * @param objectives priorities by objective, for tenants that may choose
 * @param requestLog file to which a line is written for each request, for {@code sluice simulate};
 *     it has no prompts. Empty if none is wanted
 */
public record GatewaySection(
    String host,
    int port,
    int eventLoops,
    @Quantity long maxBodyBytes,
    @Quantity long maxHeaderBytes,
    @Quantity long bodyBudgetBytes,
    Duration bodyTimeout,
    Duration connectTimeout,
    Duration responseTimeout,
    Duration clientTimeout,
    String upstreamApiKey,
    boolean askForUsage,
    String tokenEstimator,
    boolean trustTenantHeader,
    List<String> tenantHeaders,
    boolean requireApiKey,
    Map<String, Integer> objectives,
    String requestLog) {

  /** What holds where the file says nothing. */
  public static final GatewaySection DEFAULT =
      new GatewaySection(
          "0.0.0.0",
          8080,
          0,
          64L << 20,
          32L << 10,
          0,
          Duration.ofSeconds(30),
          Duration.ofSeconds(5),
          Duration.ofMinutes(5),
          Duration.ofMinutes(1),
          "",
          true,
          BySize.NAME,
          false,
          IdentityOptions.TENANT_HEADERS,
          false,
          Map.of(),
          "");

  /** Rejects values outside their ranges, all at once. */
  public GatewaySection {
    tenantHeaders = List.copyOf(tenantHeaders);
    objectives = Map.copyOf(objectives);
    new Check()
        .that(port >= 0 && port <= 65_535, "port", port, "0 to 65535")
        .that(eventLoops >= 0 && eventLoops <= 1_024, "eventLoops", eventLoops, "0 to 1024")
        .that(maxBodyBytes > 0, "maxBodyBytes", maxBodyBytes, "> 0")
        .that(
            maxHeaderBytes > 0 && maxHeaderBytes <= 16 << 20,
            "maxHeaderBytes",
            maxHeaderBytes,
            "1 to 16Mi")
        .that(bodyBudgetBytes >= 0, "bodyBudgetBytes", bodyBudgetBytes, ">= 0")
        .that(bodyTimeout.isPositive(), "bodyTimeout", bodyTimeout, "> 0")
        .that(connectTimeout.isPositive(), "connectTimeout", connectTimeout, "> 0")
        .that(responseTimeout.isPositive(), "responseTimeout", responseTimeout, "> 0")
        .that(clientTimeout.isPositive(), "clientTimeout", clientTimeout, "> 0")
        .done();
  }
}
