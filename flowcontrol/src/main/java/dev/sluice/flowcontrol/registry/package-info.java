/** The engine's state of bands, tenants and flows: created on first use, collected when idle. */
@NullMarked
package dev.sluice.flowcontrol.registry;

import org.jspecify.annotations.NullMarked;
