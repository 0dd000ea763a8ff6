/** Configuration, wiring, command line and admin API of a Sluice process. */
@NullMarked
package dev.sluice.server;

import org.jspecify.annotations.NullMarked;
