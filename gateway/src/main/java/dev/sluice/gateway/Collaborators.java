package dev.sluice.gateway;

import dev.sluice.endpoints.EndpointPool;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.serving.offer.OfferMaker;
import java.util.function.Consumer;

/**
 * The thread-safe parts that every {@link Exchange} works with.
 *
 * @param options limits and time-outs
 * @param budget the memory that requests may hold
 * @param readers reads large bodies on threads of their own
 * @param offers reads a complete request and makes its offer
 * @param controller decides if and when a request goes to an endpoint
 * @param pool chooses the endpoint
 * @param headers decides which headers pass
 * @param reports hears of each request that has ended
 */
record Collaborators(
    GatewayOptions options,
    BodyBudget budget,
    BodyReaders readers,
    OfferMaker offers,
    FlowController controller,
    EndpointPool pool,
    ProxyHeaders headers,
    Consumer<RequestReport> reports) {}
