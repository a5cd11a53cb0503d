using Ouro.Generation;
using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Laws.Generation;

/// <summary>The definition of writing a reply: one token after the other, one loop after the other, one row in a pass.</summary>
sealed class PlainDecoding : IDisposable
{
    readonly OuroModel _model;
    readonly ExitRule _rule;
    readonly KvSequence _kv;
    readonly KvPolicy _policy;
    readonly List<int> _tokens = [];
    readonly Matrix _state, _exitState, _logits;
    int _depth;

    public PlainDecoding(OuroModel model, SequenceOptions options)
    {
        (_model, _rule, _policy) = (model, options.Rule, options.Policy);
        _kv = model.NewSequence(_rule.Loops, options.KvType, options.Policy);
        _state = new Matrix(1, model.Config.Width);
        _exitState = new Matrix(1, model.Config.Width);
        _logits = new Matrix(1, model.Config.Vocabulary);
    }

    public IEnumerable<(GeneratedToken Token, float[] Logits)> Write(int[] prompt, ITokenChooser chooser, int limit, IReadOnlySet<int> stops, int context)
    {
        foreach (var token in prompt)
            Run(token, isPrompt: true);
        _kv.EndPrompt(prompt.Length);

        for (var written = 0; written < limit;)
        {
            _model.Read(_exitState, _logits);
            var logits = _logits[0].ToArray();
            var id = chooser.Choose(logits, _tokens.ToArray(), _tokens.Count);
            var ordered = logits.Order().ToArray();
            var loopsRun = _tokens.Count == prompt.Length || _policy == KvPolicy.Exact ? _rule.Loops : _depth;
            yield return (new GeneratedToken(id, _depth, loopsRun, ordered[^1] - ordered[^2]), logits);
            if (++written == limit || stops.Contains(id) || _tokens.Count == context)
                yield break;

            Run(id, isPrompt: false);
        }
    }

    public void Dispose() => _kv.Dispose();

    void Run(int token, bool isPrompt)
    {
        var position = _tokens.Count;
        _tokens.Add(token);
        _model.Embed([token], _state);
        var chances = new ExitChances();
        var gate = new float[1];
        _depth = 0;
        for (var loop = 1; loop <= _rule.Loops; loop++)
        {
            var before = _state[0].ToArray();
            _model.Pass([new Row(_kv, position, loop - 1)], _state);
            _model.Gate(_state, gate);
            _model.Read(_state, _logits);
            chances.Add(gate[0], isLast: loop == _rule.Loops);
            var confidence = 1 / _logits[0].ToArray().Sum(logit => Math.Exp(logit - _logits[0].ToArray().Max()));
            if (_depth == 0 && _rule.Reads(new LoopOutcome(position, loop, chances.Cumulative, Change(before, _state[0]), confidence)))
            {
                _depth = loop;
                _state[0].CopyTo(_exitState[0]);
            }

            var isLast = loop == _rule.Loops || (_depth != 0 && !isPrompt && _policy != KvPolicy.Exact);
            if (!isPrompt)
                _kv.AfterLoop(position, loop, isLast);
            if (isLast)
                return;
        }
    }

    static double Change(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        var (difference, size) = (0.0, 0.0);
        for (var i = 0; i < after.Length; i++)
        {
            difference += Math.Pow((double)after[i] - before[i], 2);
            size += Math.Pow(after[i], 2);
        }

        return Math.Sqrt(difference / size);
    }
}
