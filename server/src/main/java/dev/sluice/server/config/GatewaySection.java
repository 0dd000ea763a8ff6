package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;
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
 * @param bodyTimeout the longest time in which a client may send a body
 * @param connectTimeout the longest time in which a connection to an endpoint may open
 * @param responseTimeout the longest time for which an endpoint may be silent
 * @param clientTimeout the longest time for which a client may leave its answer unread
 * @param upstreamApiKey API key for the endpoints; empty if they need none
 * @param askForUsage whether the gateway asks for the token usage of streamed answers if the client
 *     did not; the client does not see the difference
 * @param repeatAfterClose whether an inference request whose connection to its endpoint closes
 *     before an answer goes to another endpoint. The first may have begun to serve the request, and
 *     the request may be what broke it
 * @param trustTenantHeader whether a header may name the tenant; only safe behind a proxy that sets
 *     the header
 * @param tenantHeaders names of the headers that may name the tenant
 * @param requireApiKey whether requests without an API key are refused
 * @param objectives priorities by objective, for tenants that may choose
 * @param requestLog file to which a line without prompts is written for each request, for {@code
 *     sluice simulate}; empty means none
 * @param connections limits on connections of clients
 * @param cors web pages that may call the gateway from a browser
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
    boolean repeatAfterClose,
    boolean trustTenantHeader,
    List<String> tenantHeaders,
    boolean requireApiKey,
    Map<String, Integer> objectives,
    String requestLog,
    ConnectionsSection connections,
    CorsSection cors) {

  /** The defaults. */
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
          false,
          false,
          IdentityOptions.TENANT_HEADERS,
          false,
          Map.of(),
          "",
          ConnectionsSection.DEFAULT,
          CorsSection.DEFAULT);

  /** Rejects values outside their ranges, all at once. */
  public GatewaySection {
    tenantHeaders = List.copyOf(tenantHeaders);
    objectives = Map.copyOf(objectives);
    new Checks()
        .within("port", port, 0, 65_535)
        .within("eventLoops", eventLoops, 0, 1_024)
        .positive("maxBodyBytes", maxBodyBytes)
        .that(
            maxHeaderBytes > 0 && maxHeaderBytes <= 16 << 20,
            "maxHeaderBytes",
            maxHeaderBytes,
            "1 to 16Mi")
        .notNegative("bodyBudgetBytes", bodyBudgetBytes)
        .positive("bodyTimeout", bodyTimeout)
        .positive("connectTimeout", connectTimeout)
        .positive("responseTimeout", responseTimeout)
        .positive("clientTimeout", clientTimeout)
        .done();
  }
}
