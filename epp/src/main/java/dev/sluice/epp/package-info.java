/** The endpoint picker: the front door for Envoy, which asks it over gRPC where a request goes. */
@NullMarked
package dev.sluice.epp;

import org.jspecify.annotations.NullMarked;
