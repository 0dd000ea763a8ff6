/** Connections to endpoints: opening, one request at a time, and reuse while they are idle. */
@NullMarked
package dev.sluice.gateway.upstream;

import org.jspecify.annotations.NullMarked;
