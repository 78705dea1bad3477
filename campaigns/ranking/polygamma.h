/* polygamma.h: derivatives of ln Gamma(x) for x > 0, to about 1e-13 relative (near the
 * root of digamma at 1.46: absolute). Recurrence up to 10, then the asymptotic series
 * (Abramowitz & Stegun 6.3.18, 6.4.12-14). Pure. */
#ifndef BARKER_CAMPAIGNS_RANKING_POLYGAMMA_H
#define BARKER_CAMPAIGNS_RANKING_POLYGAMMA_H

double digamma(double x);
double trigamma(double x);   /* > 0 */
double tetragamma(double x); /* < 0 */
/* The x whose trigamma is y > 0: Newton on 1 / trigamma, which is nearly linear. */
double trigamma_inverse(double y);

#endif
