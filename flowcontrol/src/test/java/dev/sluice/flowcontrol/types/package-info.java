@NullMarked
package dev.sluice.flowcontrol.types;

import org.jspecify.annotations.NullMarked;
