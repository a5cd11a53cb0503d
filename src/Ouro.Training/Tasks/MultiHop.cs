using Ouro.Training.Data;

namespace Ouro.Training.Tasks;

/// <summary>A world of facts "relation r leads from entity e to entity f", in layers, and questions that need several of them in a row.</summary>
/// <remarks>
/// Each entity of a layer but the last has one fact for each relation, which leads to a random entity of the next layer; the facts are a function of the
/// seed. Ids: entities by layer, then relations, then the marks of facts, questions and answers. With the defaults there are
/// 8,000 facts and 800,000 questions of three hops. Source: arXiv:2510.25741, section 6 and appendix B; questions begin in the first layer, which its
/// count of questions implies.
/// </remarks>
public sealed class MultiHop
{
    /// <param name="seed">Of the facts.</param>
    /// <param name="layers">At least 2.</param>
    /// <param name="layerSize">Entities of a layer, at least 1.</param>
    /// <param name="relations">At least 1.</param>
    /// <param name="hops">Facts that a question needs, 1 to <paramref name="layers"/> - 1.</param>
    public MultiHop(ulong seed, int layers = 5, int layerSize = 100, int relations = 20, int hops = 3)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(layerSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(relations, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hops, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(hops, layers);
        (Seed, Layers, LayerSize, Relations, Hops) = (seed, layers, layerSize, relations, hops);
    }

    /// <summary>Decides the facts.</summary>
    public ulong Seed { get; }

    /// <summary>Layers of entities.</summary>
    public int Layers { get; }

    /// <summary>Entities of a layer.</summary>
    public int LayerSize { get; }

    /// <summary>Relations.</summary>
    public int Relations { get; }

    /// <summary>Facts that a question needs.</summary>
    public int Hops { get; }

    /// <summary>Entities in all; their ids run from 0.</summary>
    public int Entities => Layers * LayerSize;

    /// <summary>The id of relation 0.</summary>
    public int FirstRelation => Entities;

    /// <summary>The id that opens a fact.</summary>
    public int FactMark => Entities + Relations;

    /// <summary>The id that opens a question.</summary>
    public int QuestionMark => FactMark + 1;

    /// <summary>The id before the entity that a fact or question leads to.</summary>
    public int AnswerMark => FactMark + 2;

    /// <summary>Ids in all.</summary>
    public int VocabularySize => FactMark + 3;

    /// <summary>Facts in all.</summary>
    public long FactCount => (long)(Layers - 1) * LayerSize * Relations;

    /// <summary>Where a relation leads.</summary>
    /// <param name="entity">Of any layer but the last.</param>
    /// <param name="relation">From 0.</param>
    public int Follow(int entity, int relation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(entity);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(entity, Entities - LayerSize);
        ArgumentOutOfRangeException.ThrowIfNegative(relation);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(relation, Relations);
        var nextLayer = ((entity / LayerSize) + 1) * LayerSize;
        return nextLayer + (int)Draws.Scale(Draws.Hash(Seed, entity, relation), (ulong)LayerSize);
    }

    /// <summary>All facts, each once in every epoch of <see cref="FactCount"/>, as <c>fact, entity, relation, answer, entity</c>; the last is asked for.</summary>
    /// <param name="seed">Of their order.</param>
    public IExampleSource Facts(ulong seed) => new FactExamples(this, seed);

    /// <summary>Questions, as <c>question, entity, relations..., answer, entity</c>; the last is asked for.</summary>
    public IExampleSource Questions(ulong seed, Split split) => new QuestionExamples(this, seed, split);

    sealed class FactExamples(MultiHop world, ulong seed) : IExampleSource
    {
        public Example this[long number]
        {
            get
            {
                var fact = new Permutation(seed, number / world.FactCount, world.FactCount)[number % world.FactCount];
                var (entity, relation) = ((int)(fact / world.Relations), (int)(fact % world.Relations));
                return new Example(
                    [world.FactMark, entity, world.FirstRelation + relation, world.AnswerMark, world.Follow(entity, relation)], FirstTarget: 4);
            }
        }
    }

    sealed class QuestionExamples(MultiHop world, ulong seed, Split split) : IExampleSource
    {
        public Example this[long number]
        {
            get
            {
                var question = SplitOf.DrawUntil(split, attempt => Draw(new Draws(seed, number, attempt)), drawn => SplitOf.Question(drawn));
                var entity = question[0];
                foreach (var id in question.AsSpan(1))
                    entity = world.Follow(entity, id - world.FirstRelation);

                int[] ids = [world.QuestionMark, .. question, world.AnswerMark, entity];
                return new Example(ids, FirstTarget: ids.Length - 1);
            }
        }

        int[] Draw(Draws draws)
        {
            var question = new int[world.Hops + 1];
            question[0] = draws.Below(world.LayerSize);
            for (var hop = 1; hop <= world.Hops; hop++)
                question[hop] = world.FirstRelation + draws.Below(world.Relations);

            return question;
        }
    }
}
