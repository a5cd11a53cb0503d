using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Gradients;

/// <summary>The operations of <see cref="Elementwise"/> backwards, and what a loss and an optimiser need, one row at a time.</summary>
/// <remarks>Lengths are multiples of 16; rows are padded with zeros, and what is added to padding is zero.</remarks>
static unsafe class ElementwiseGradients
{
    /// <summary>RMSNorm backwards: y = x r w with r = (mean(x^2) + epsilon)^-1/2.</summary>
    /// <remarks>dx += r g w - x r^3 / D * sum(g w x);  dw += g x r.</remarks>
    /// <param name="gradient">That of y.</param>
    /// <param name="xGradient">Added to; may be <paramref name="gradient"/> if <paramref name="replace"/>.</param>
    /// <param name="weightGradient">Added to.</param>
    /// <param name="replace">Whether <paramref name="xGradient"/> is overwritten.</param>
    public static void RmsNorm(
        float* x, float* weight, float epsilon, float* gradient, float* xGradient, float* weightGradient, int length, int columns, bool replace)
    {
        var inverse = 1 / MathF.Sqrt(FloatProducts.One(x, x, length) / columns + epsilon);
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < length; i += 16)
            sum = Lanes.MultiplyAdd(Vector512.Load(gradient + i) * Vector512.Load(weight + i), Vector512.Load(x + i), sum);

        var factor = Vector512.Create(inverse);
        var shrink = Vector512.Create(-Lanes.SumSixteen(sum) * inverse * inverse * inverse / columns);
        for (var i = 0; i < length; i += 16)
        {
            var (g, from) = (Vector512.Load(gradient + i), Vector512.Load(x + i));
            Lanes.MultiplyAdd(g * factor, from, Vector512.Load(weightGradient + i)).Store(weightGradient + i);
            var result = Lanes.MultiplyAdd(from, shrink, g * Vector512.Load(weight + i) * factor);
            (replace ? result : Vector512.Load(xGradient + i) + result).Store(xGradient + i);
        }
    }

    /// <summary>SwiGLU backwards: y = gate s up with s = sigmoid(gate).</summary>
    /// <remarks>dup = g gate s;  dgate = g up s (1 + gate (1 - s)). Both are overwritten.</remarks>
    public static void SwiGlu(float* gate, float* up, float* gradient, float* gateGradient, float* upGradient, int length)
    {
        for (var i = 0; i < length; i += 16)
        {
            var (x, g) = (Vector512.Load(gate + i), Vector512.Load(gradient + i));
            var s = Vector512<float>.One / (Vector512<float>.One + Exponential.Of(-x));
            (g * x * s).Store(upGradient + i);
            (g * Vector512.Load(up + i) * s * Lanes.MultiplyAdd(x, Vector512<float>.One - s, Vector512<float>.One)).Store(gateGradient + i);
        }
    }

    /// <summary>From the gradient of softmax(scale * s) = p to that of s: scale * p * (g - sum(p g)), over <paramref name="count"/> numbers; zeros behind them.</summary>
    /// <param name="p">Zeros behind <paramref name="count"/>.</param>
    /// <param name="gradient">In place; what lies behind <paramref name="count"/> is overwritten unread.</param>
    public static void Softmax(float* p, float* gradient, int count, float scale, int length)
    {
        for (var i = count; i < length; i++)
            gradient[i] = 0;
        var sum = Vector512.Create(FloatProducts.One(p, gradient, length));
        var factor = Vector512.Create(scale);
        for (var i = 0; i < length; i += 16)
            (factor * Vector512.Load(p + i) * (Vector512.Load(gradient + i) - sum)).Store(gradient + i);
    }

    /// <summary>Turns logits into probabilities, in place, and gives -ln of the target's.</summary>
    /// <param name="columns">Logits that count; the padding behind them stays zero.</param>
    public static double CrossEntropy(float* logits, int columns, int length, int target)
    {
        var own = logits[target];
        return Elementwise.Softmax(logits, columns, 1, length) - own;
    }

    /// <summary>to += from.</summary>
    public static void Add(float* from, float* to, int length)
    {
        for (var i = 0; i < length; i += 16)
            (Vector512.Load(to + i) + Vector512.Load(from + i)).Store(to + i);
    }

    /// <summary>to += factor * from.</summary>
    public static void Add(float* from, float factor, float* to, int length)
    {
        var f = Vector512.Create(factor);
        for (var i = 0; i < length; i += 16)
            Lanes.MultiplyAdd(Vector512.Load(from + i), f, Vector512.Load(to + i)).Store(to + i);
    }

    /// <summary>x *= factor.</summary>
    public static void Scale(float* x, float factor, int length)
    {
        var f = Vector512.Create(factor);
        for (var i = 0; i < length; i += 16)
            (Vector512.Load(x + i) * f).Store(x + i);
    }

    /// <summary>One step of AdamW, arXiv:1711.05101, for some numbers of a parameter.</summary>
    /// <remarks>m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  w = w (1 - rate decay) - rate m' / (sqrt(v') + epsilon), with m', v' corrected for their start at 0.</remarks>
    /// <param name="gradient">Scaled by <see cref="AdamStep.GradientFactor"/> first; set to zero.</param>
    public static void AdamW(float* value, float* gradient, float* first, float* second, int length, in AdamStep step)
    {
        var (scale, zero) = (Vector512.Create(step.GradientFactor), Vector512<float>.Zero);
        var (b1, b2) = (Vector512.Create(step.Beta1), Vector512.Create(step.Beta2));
        var (c1, c2) = (Vector512.Create(1 - step.Beta1), Vector512.Create(1 - step.Beta2));
        var (rate, root) = (Vector512.Create(step.Rate / step.FirstCorrection), Vector512.Create(1 / step.SecondCorrection));
        var (epsilon, keep) = (Vector512.Create(step.Epsilon), Vector512.Create(1 - step.Rate * step.Decay));
        for (var i = 0; i < length; i += 16)
        {
            var g = Vector512.Load(gradient + i) * scale;
            var m = Lanes.MultiplyAdd(Vector512.Load(first + i), b1, c1 * g);
            var v = Lanes.MultiplyAdd(Vector512.Load(second + i), b2, c2 * g * g);
            m.Store(first + i);
            v.Store(second + i);
            (Vector512.Load(value + i) * keep - rate * m / (Vector512.Sqrt(v * root) + epsilon)).Store(value + i);
            zero.Store(gradient + i);
        }
    }
}

/// <summary>The numbers of one AdamW step that all parameters share.</summary>
/// <param name="GradientFactor">What gradients are multiplied with: below 1 when they are clipped.</param>
/// <param name="FirstCorrection">1 - Beta1^t at step t.</param>
/// <param name="SecondCorrection">1 - Beta2^t at step t.</param>
public readonly record struct AdamStep(
    float Rate, float GradientFactor, float Beta1, float Beta2, float Epsilon, float Decay, float FirstCorrection, float SecondCorrection);
