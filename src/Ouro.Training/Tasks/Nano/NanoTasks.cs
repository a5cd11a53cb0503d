using Ouro.Training.Data;

namespace Ouro.Training.Tasks.Nano;

/// <summary>Short questions in English with one right answer each, from a world of some 200 words: what a very small model can learn to answer.</summary>
/// <remarks>
/// Item n is a function of (seed, split, n) and the settings. A question's split is a hash of what it asks, not of the seed, and of its wording only
/// for sums and modular expressions of level 1 (<see cref="Arithmetic"/>). Levels say how many steps the answer takes: operations, generations,
/// comparisons, gifts, items less two, facts. For several threads.
/// </remarks>
public sealed class NanoTasks
{
    readonly ulong _seed;
    readonly Split _split;
    readonly Lazy<NanoKind[]> _eligible;

    /// <summary>Tasks of one split.</summary>
    public NanoTasks(ulong seed, Split split)
    {
        (_seed, _split) = (seed, split);
        _eligible = new Lazy<NanoKind[]>(Eligible);
    }

    /// <summary>The names of all kinds.</summary>
    public static IReadOnlyList<string> AllKinds { get; } = [.. NanoKind.All.Select(kind => kind.Name)];

    /// <summary>The highest level that any kind has; kinds may have fewer.</summary>
    public static int HighestLevel { get; } = NanoKind.All.Max(kind => kind.Levels);

    /// <summary>Levels of a kind: from 1 to this.</summary>
    /// <exception cref="ArgumentException">There is no such kind.</exception>
    public static int LevelsOf(string kind) => Find(kind).Levels;

    /// <summary>Lowest level drawn; kinds that have no level so high are left out.</summary>
    public int LeastLevel
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 1;

    /// <summary>Highest level drawn.</summary>
    public int MostLevel
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = int.MaxValue;

    /// <summary>Kinds drawn, by name; each keeps its share relative to the others.</summary>
    /// <exception cref="ArgumentException">There is no kind of such a name.</exception>
    public IReadOnlyList<string> Kinds
    {
        get;
        init => field = [.. value.Select(name => Find(name).Name).Distinct()];
    } = AllKinds;

    /// <summary>The item of a number, from 0.</summary>
    /// <exception cref="InvalidOperationException">No kind has a level that is allowed.</exception>
    public TaskItem this[long number]
    {
        get
        {
            var (kind, level, posed) = Draw(number);
            return new TaskItem(kind, level, posed.Question, posed.Answer);
        }
    }

    /// <summary>The item of a number as something to read, such as <c>3 + 4 = 7.</c></summary>
    internal string Statement(long number) => Draw(number).Posed.Statement;

    (string Kind, int Level, Posed Posed) Draw(long number)
    {
        // Kind and level are drawn once, so that both splits have them in equal shares.
        var draws = new Draws(_seed, number);
        var kind = KindAt(draws);
        var level = draws.Between(LeastLevel, int.Min(MostLevel, kind.Levels));
        var posed = SplitOf.DrawUntil(
            _split, attempt => kind.Pose(new Draws(_seed, number, attempt), level), posed => SplitOf.Question(posed.Essence));
        return (kind.Name, level, posed);
    }

    NanoKind KindAt(Draws draws)
    {
        var kinds = _eligible.Value;
        var at = draws.Below(kinds.Sum(kind => kind.Share));
        foreach (var kind in kinds)
        {
            if (at < kind.Share)
                return kind;
            at -= kind.Share;
        }

        return kinds[^1];
    }

    NanoKind[] Eligible()
    {
        NanoKind[] kinds = [.. NanoKind.All.Where(kind => Kinds.Contains(kind.Name) && LeastLevel <= int.Min(MostLevel, kind.Levels))];
        return kinds.Length > 0
            ? kinds
            : throw new InvalidOperationException($"No kind among {string.Join(", ", Kinds)} has a level from {LeastLevel} to {MostLevel}; allow more.");
    }

    static NanoKind Find(string name) => NanoKind.All.FirstOrDefault(kind => kind.Name == name)
        ?? throw new ArgumentException($"There is no kind of question '{name}'; known are {string.Join(", ", AllKinds)}.", nameof(name));
}

/// <summary>Documents of plain statements about nano's world, to read before learning to answer.</summary>
/// <remarks>
/// Document n is a function of (seed, n): four to twelve statements, each on a line of its own or all in one paragraph. They never state what is held
/// out, except facts of one operation, of which only ways to ask are held out.
/// </remarks>
public sealed class NanoText(ulong seed)
{
    const int MostStatements = 12;

    readonly NanoTasks _tasks = new(Draws.Hash(seed, MostStatements), Split.Train);

    /// <summary>Highest level of what is stated.</summary>
    public int MostLevel { init => _tasks = new NanoTasks(Draws.Hash(seed, MostStatements), Split.Train) { MostLevel = value }; }

    /// <summary>The document of a number, from 0; never empty.</summary>
    public string this[long number]
    {
        get
        {
            var draws = new Draws(seed, number);
            var statements = Enumerable.Range(0, draws.Between(4, MostStatements)).Select(i => _tasks.Statement((number * MostStatements) + i));
            return string.Join(draws.OneIn(2) ? '\n' : ' ', statements);
        }
    }
}
