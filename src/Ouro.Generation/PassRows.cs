using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Generation;

/// <summary>What a row of a pass was, for those who draw pictures.</summary>
/// <param name="Sequence">Whose it was.</param>
/// <param name="Position">The token's place in the text.</param>
/// <param name="Token">The token.</param>
/// <param name="Loop">The loop, from 1, that it ran.</param>
/// <param name="IsGuess">True if the token was not certain then.</param>
/// <param name="IsLate">True if it had been read before and only completed its loops.</param>
public readonly record struct PassRow(Sequence Sequence, int Position, int Token, int Loop, bool IsGuess, bool IsLate);

/// <summary>The rows of one pass, gathered from many texts.</summary>
sealed class PassRows(int most)
{
    readonly Row[] _rows = new Row[most];
    readonly Column[] _columns = new Column[most];
    readonly Sequence[] _sequences = new Sequence[most];
    readonly PassRow[] _reports = new PassRow[most];

    /// <summary>Rows so far.</summary>
    public int Count { get; private set; }

    /// <summary>Rows that still fit.</summary>
    public int Room => _rows.Length - Count;

    public ReadOnlySpan<Row> Rows => _rows.AsSpan(0, Count);

    public ReadOnlySpan<Column> Columns => _columns.AsSpan(0, Count);

    public ReadOnlySpan<Sequence> Sequences => _sequences.AsSpan(0, Count);

    public ReadOnlySpan<PassRow> Reports => _reports.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Add(Sequence sequence, Column column, Row row)
    {
        (_rows[Count], _columns[Count], _sequences[Count]) = (row, column, sequence);
        _reports[Count] = sequence.Report(column);
        Count++;
    }

    /// <summary>Copies the states of all rows into a matrix [R, D].</summary>
    public void Load(Matrix states)
    {
        states.Resize(Count);
        for (var row = 0; row < Count; row++)
            _columns[row].State.CopyTo(states[row]);
    }
}
