/* polygamma.c: series and recurrence. */
#include "campaigns/ranking/polygamma.h"

#include <math.h>

#define LARGE 10.0

double digamma(double x)
{
    double sum = 0;
    while (x < LARGE) {
        sum -= 1 / x;
        x++;
    }
    double r = 1 / (x * x);
    return sum + log(x) - 0.5 / x -
           r * (1.0 / 12 -
                r * (1.0 / 120 - r * (1.0 / 252 - r * (1.0 / 240 - r / 132))));
}

double trigamma(double x)
{
    double sum = 0;
    while (x < LARGE) {
        sum += 1 / (x * x);
        x++;
    }
    double r = 1 / (x * x);
    double tail =
        1.0 / 6 - r * (1.0 / 30 - r * (1.0 / 42 - r * (1.0 / 30 - r * 5 / 66)));
    return sum + (1 + r * tail) / x + r / 2;
}

double tetragamma(double x)
{
    double sum = 0;
    while (x < LARGE) {
        sum -= 2 / (x * x * x);
        x++;
    }
    double r = 1 / (x * x);
    double tail = 0.5 - r * (1.0 / 6 - r * (1.0 / 6 - r * (0.3 - r * (5.0 / 6))));
    return sum - r * (1 + 1 / x + r * tail);
}

double trigamma_inverse(double y)
{
    double x = 0.5 + 1 / y;
    if (y > 1e7) /* trigamma(x) is 1 / x^2 there */
        return 1 / sqrt(y);
    for (int i = 0; i < 50; i++) {
        double at = trigamma(x), step = at * (1 - at / y) / tetragamma(x);
        x += step;
        if (fabs(step) < 1e-12 * x)
            break;
    }
    return x;
}
